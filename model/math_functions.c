#include "model/math_functions.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the upper has 21 trailing zero bits, so that its product with an exponent is
 * exact. */
static const double LN2_UPPER = 0x1.62e42feep-1;
static const double LN2_LOWER = 0x1.a39ef35793c76p-33;

static uint64_t double_to_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static double double_from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* 2^exponent, -1022 <= exponent <= 1023 */
static double power_of_two(int exponent)
{
    return double_from_bits((uint64_t)(exponent + 1023) << 52);
}

/*
 * x = k ln 2 + r with |r| <= ln 2 / 2, and exp(r) by its Taylor series: the first term left out,
 * r^14 / 14!, is below 2^-57.
 */
double math_exp(double x)
{
    static const double INVERSE_LN2 = 0x1.71547652b82fep+0;
    static const double ROUND_TO_INTEGER = 0x1.8p52; /* what is added to it loses its fraction */
    double k, r, series;
    int exponent, half;

    if (x != x)
        return x;
    if (x > 710.0)
        return INFINITY;
    if (x < -746.0)
        return 0.0;

    k = (x * INVERSE_LN2 + ROUND_TO_INTEGER) - ROUND_TO_INTEGER;
    r = (x - k * LN2_UPPER) - k * LN2_LOWER;

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

    /* In two steps, because 2^k itself may be out of range where the result is not. */
    exponent = (int)k;
    half = exponent / 2;
    return (1.0 + (r + r * r * series)) * power_of_two(half) * power_of_two(exponent - half);
}

/*
 * x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2).  With s = f / (2 + f), log(1 + f) is
 * 2 atanh(s) = 2s + s R, R = 2 s^2/3 + 2 s^4/5 + ...; written as f - (f^2/2 - s (f^2/2 + R)), which
 * is the same but keeps the large term exact (as in fdlibm's e_log.c).  s^2 < 0.0295, so that
 * the first term left out, s^24 / 25, is below 2^-65.
 */
double math_log(double x)
{
    int k = 0;
    uint64_t bits;
    double f, s, z, series, half_square;

    if (x != x || x < 0.0)
        return NAN;
    if (x == 0.0)
        return -INFINITY;
    if (x == INFINITY)
        return x;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        k = -54;
    }

    bits = double_to_bits(x);
    k += (int)(bits >> 52) - 1023;
    x = double_from_bits((bits & 0xfffffffffffffu) | (uint64_t)1023 << 52);
    if (x >= 0x1.6a09e667f3bcdp+0) { /* sqrt(2) */
        x *= 0.5;
        k++;
    }

    f = x - 1.0;
    s = f / (2.0 + f);
    z = s * s;
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
    half_square = 0.5 * f * f;
    return k * LN2_UPPER - ((half_square - (s * (half_square + series * z) + k * LN2_LOWER)) - f);
}

/* log(u) for u = 1 + x rounded, and what the rounding lost: x - (u - 1) is exact for small x, and
 * of no weight for large x. */
double math_log1p(double x)
{
    const double u = 1.0 + x;

    if (!(u < INFINITY))
        return math_log(u);
    return math_log(u) + (x - (u - 1.0)) / u;
}
