#include "model/kernels/math_functions.h"

#include "model/kernels/math_inline.h"

double math_exp(double x)
{
    return math_exp_inline(x);
}

double math_log(double x)
{
    return math_log_inline(x);
}

double math_log1p(double x)
{
    return math_log1p_inline(x);
}

double math_sin(double x)
{
    return math_sin_inline(x);
}

double math_cos(double x)
{
    return math_cos_inline(x);
}

double math_power(double base, uint64_t exponent)
{
    double result = 1.0;

    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1)
            result *= base;
        base *= base;
    }
    return result;
}
