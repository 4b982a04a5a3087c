/*
 * The functions of math_functions.h without a branch, so that the compiler can make vectors of a
 * loop around them: kernels_vector.c does for each instruction set, and all give the same bits.
 */
#ifndef QUERN_MODEL_MATH_INLINE_H
#define QUERN_MODEL_MATH_INLINE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the upper has 21 trailing zero bits, so that its product with an exponent is
 * exact. */
static const double MATH_LN2_UPPER = 0x1.62e42feep-1;
static const double MATH_LN2_LOWER = 0x1.a39ef35793c76p-33;

static inline uint64_t math_double_to_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static inline double math_double_from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* 2^exponent, -1022 <= exponent <= 1023 */
static inline double math_power_of_two(int exponent)
{
    return math_double_from_bits((uint64_t)(exponent + 1023) << 52);
}

/*
 * x = k ln 2 + r with |r| <= ln 2 / 2, and exp(r) by its Taylor series: the first term left out,
 * r^14 / 14!, is below 2^-57.
 */
static inline double math_exp_inline(double x)
{
    static const double INVERSE_LN2 = 0x1.71547652b82fep+0;
    static const double ROUND_TO_INTEGER = 0x1.8p52; /* what is added to it loses its fraction */
    /* Where the result is 0 or infinity already; nan, which no int could hold, becomes a number. */
    const double bounded = x >= -746.0 ? (x <= 710.0 ? x : 710.0) : -746.0;
    const double k = (bounded * INVERSE_LN2 + ROUND_TO_INTEGER) - ROUND_TO_INTEGER;
    const double r = (bounded - k * MATH_LN2_UPPER) - k * MATH_LN2_LOWER;
    /* In two steps, because 2^k itself may be out of range where the result is not. */
    const int exponent = (int)k, half = exponent / 2;
    double series, result;

    series = 1.0 / 6227020800.0;
    series = series * r + 1.0 / 479001600.0;
    series = series * r + 1.0 / 39916800.0;
    series = series * r + 1.0 / 3628800.0;
    series = series * r + 1.0 / 362880.0;
    series = series * r + 1.0 / 40320.0;
    series = series * r + 1.0 / 5040.0;
    series = series * r + 1.0 / 720.0;
    series = series * r + 1.0 / 120.0;
    series = series * r + 1.0 / 24.0;
    series = series * r + 1.0 / 6.0;
    series = series * r + 0.5;
    result =
        (1.0 + (r + r * r * series)) * math_power_of_two(half) * math_power_of_two(exponent - half);
    return x != x ? x : result;
}

/*
 * x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2).  With s = f / (2 + f), log(1 + f) is
 * 2 atanh(s) = 2s + s R, R = 2 s^2/3 + 2 s^4/5 + ...; written as f - (f^2/2 - s (f^2/2 + R)), which
 * is the same but keeps the large term exact (as in fdlibm's e_log.c).  s^2 < 0.0295, so that
 * the first term left out, s^24 / 25, is below 2^-65.
 */
static inline double math_log_inline(double x)
{
    static const double SQRT_2 = 0x1.6a09e667f3bcdp+0;
    const double scale = x < 0x1p-1022 ? 0x1p54 : 1.0; /* subnormal numbers are made normal */
    const uint64_t bits = math_double_to_bits(x * scale);
    const double mantissa = math_double_from_bits((bits & 0xfffffffffffffu) | (uint64_t)1023 << 52);
    const double half = mantissa >= SQRT_2 ? 0.5 : 1.0;
    const double k = ((double)(int)(bits >> 52) - 1023.0) - (scale > 1.0 ? 54.0 : 0.0) +
                     (half < 1.0 ? 1.0 : 0.0);
    const double f = mantissa * half - 1.0;
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double half_square = 0.5 * f * f;
    double series, result;

    series = 2.0 / 23.0;
    series = series * z + 2.0 / 21.0;
    series = series * z + 2.0 / 19.0;
    series = series * z + 2.0 / 17.0;
    series = series * z + 2.0 / 15.0;
    series = series * z + 2.0 / 13.0;
    series = series * z + 2.0 / 11.0;
    series = series * z + 2.0 / 9.0;
    series = series * z + 2.0 / 7.0;
    series = series * z + 2.0 / 5.0;
    series = series * z + 2.0 / 3.0;
    result = k * MATH_LN2_UPPER -
             ((half_square - (s * (half_square + series * z) + k * MATH_LN2_LOWER)) - f);
    result = x >= 0.0 ? result : (double)NAN;
    result = x == 0.0 ? -(double)INFINITY : result;
    return x == INFINITY ? x : result;
}

/* log(u) for u = 1 + x rounded, and what the rounding lost: x - (u - 1) is exact for small x, and
 * of no weight for large x. */
static inline double math_log1p_inline(double x)
{
    const double u = 1.0 + x;
    const double lost = (x - (u - 1.0)) / u;

    return math_log_inline(u) + (u < INFINITY ? lost : 0.0);
}

/*
 * The sine of x + quarters pi / 2.  x = k pi / 2 + r with |r| <= pi / 4 (a little more by rounding)
 * and pi / 2 in three parts, of which the first two have 10 trailing zero bits and are exact times
 * k; r = upper + lower.  Sine and cosine of r by their Taylor series: the first terms left out,
 * r^19 / 19! and r^20 / 20!, are below 2^-62.
 */
static inline double math_sine_of_quarters(double x, int quarters)
{
    static const double TWO_OVER_PI = 0x1.45f306dc9c883p-1;
    static const double PART1 = 0x1.921fb54442c00p+0, PART2 = 0x1.18469898cc400p-44,
                        PART3 = 0x1.1701b839a2520p-88;
    static const double ROUND_TO_INTEGER = 0x1.8p52;
    const double bounded = x >= -1024.0 ? (x <= 1024.0 ? x : 1024.0) : -1024.0;
    const double k = (bounded * TWO_OVER_PI + ROUND_TO_INTEGER) - ROUND_TO_INTEGER;
    /* Exact, as the two are within a factor of 2 of each other, or k is 0. */
    const double first = bounded - k * PART1;
    const double subtracted = k * PART2;
    const double second = first - subtracted;
    /* What that subtraction rounded off (Knuth's sum of two). */
    const double taken = first - second;
    const double lost = (first - (second + taken)) + (taken - subtracted);
    const double rest = lost - k * PART3;
    const double upper = second + rest;
    const double lower = rest - (upper - second);
    const double z = upper * upper, half = 0.5 * z, one_less = 1.0 - half;
    const int quadrant = (int)k + quarters;
    double sine, cosine, result;

    sine = 1.0 / 355687428096000.0;
    sine = sine * z - 1.0 / 1307674368000.0;
    sine = sine * z + 1.0 / 6227020800.0;
    sine = sine * z - 1.0 / 39916800.0;
    sine = sine * z + 1.0 / 362880.0;
    sine = sine * z - 1.0 / 5040.0;
    sine = sine * z + 1.0 / 120.0;
    sine = sine * z - 1.0 / 6.0;
    sine = upper + (upper * z * sine + lower * one_less);

    cosine = -1.0 / 6402373705728000.0;
    cosine = cosine * z + 1.0 / 20922789888000.0;
    cosine = cosine * z - 1.0 / 87178291200.0;
    cosine = cosine * z + 1.0 / 479001600.0;
    cosine = cosine * z - 1.0 / 3628800.0;
    cosine = cosine * z + 1.0 / 40320.0;
    cosine = cosine * z - 1.0 / 720.0;
    cosine = cosine * z + 1.0 / 24.0;
    cosine = one_less + (((1.0 - one_less) - half) + (z * z * cosine - upper * lower));

    result = quadrant & 1 ? cosine : sine;
    result = quadrant & 2 ? -result : result;
    return x >= -1024.0 ? (x <= 1024.0 ? result : (double)NAN) : (double)NAN;
}

static inline double math_sin_inline(double x)
{
    return math_sine_of_quarters(x, 0);
}

static inline double math_cos_inline(double x)
{
    return math_sine_of_quarters(x, 1);
}

#endif
