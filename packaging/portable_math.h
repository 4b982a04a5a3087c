/*
 * For the portable archive: exp, exp2, log, log2 and pow as every C library has them.
 *
 * glibc 2.29 gave them another version, in which errno alone differs, so that what is linked
 * against it does not start with 2.28.  The linker takes these (--wrap) for whoever calls them, the
 * libraries that are linked in among them.
 */
#ifndef QUERN_PACKAGING_PORTABLE_MATH_H
#define QUERN_PACKAGING_PORTABLE_MATH_H

double __wrap_exp(double x);
double __wrap_exp2(double x);
double __wrap_log(double x);
double __wrap_log2(double x);
double __wrap_pow(double x, double y);

#endif
