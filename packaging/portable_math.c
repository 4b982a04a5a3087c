/*
 * For the portable archive: exp, exp2, log, log2 and pow as every C library has them.
 *
 * glibc 2.29 gave them another version, in which errno alone differs, so that what is linked
 * against it does not start with 2.28.  The linker takes these (--wrap) for whoever calls them, the
 * libraries that are linked in among them.
 */
#if defined(__x86_64__)
#define PORTABLE_MATH_OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define PORTABLE_MATH_OLDEST "GLIBC_2.17"
#else
#error "the oldest version of exp in the C library of this processor is not known here"
#endif

#define PORTABLE_MATH_OLD(function)                                                                \
    __asm__(".symver portable_math_" #function "," #function "@" PORTABLE_MATH_OLDEST)

PORTABLE_MATH_OLD(exp);
PORTABLE_MATH_OLD(exp2);
PORTABLE_MATH_OLD(log);
PORTABLE_MATH_OLD(log2);
PORTABLE_MATH_OLD(pow);

double portable_math_exp(double x);
double portable_math_exp2(double x);
double portable_math_log(double x);
double portable_math_log2(double x);
double portable_math_pow(double x, double y);

double __wrap_exp(double x);
double __wrap_exp2(double x);
double __wrap_log(double x);
double __wrap_log2(double x);
double __wrap_pow(double x, double y);

double __wrap_exp(double x)
{
    return portable_math_exp(x);
}

double __wrap_exp2(double x)
{
    return portable_math_exp2(x);
}

double __wrap_log(double x)
{
    return portable_math_log(x);
}

double __wrap_log2(double x)
{
    return portable_math_log2(x);
}

double __wrap_pow(double x, double y)
{
    return portable_math_pow(x, y);
}
