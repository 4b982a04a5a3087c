/*
 * exp, log, log1p, sin, cos and whole powers of our own: made of + - * / alone in a fixed order, so that every CPU, C
 * library and compiler gives the same bits (contraction must be off).  Errors are against the
 * exact value, in units in the last place (ulp) of the result; tests/test_math.c holds them to it.
 */
#ifndef QUERN_MODEL_MATH_FUNCTIONS_H
#define QUERN_MODEL_MATH_FUNCTIONS_H

#include <stdint.h>

/* Within 1 ulp.  Infinity beyond the range, 0 below it, subnormals between; nan for nan. */
double math_exp(double x);

/* Within 1 ulp.  -infinity for 0, nan for negative numbers and nan. */
double math_log(double x);

/* log(1 + x) for x >= 0, within 2 ulp; nan for nan. */
double math_log1p(double x);

/* Within 1 ulp for |x| <= 1024; nan beyond that and for nan.  The sine of -0 is 0. */
double math_sin(double x);
double math_cos(double x);

/* base^exponent by repeated squares: its relative error is below exponent 2^-52. */
double math_power(double base, uint64_t exponent);

#endif
