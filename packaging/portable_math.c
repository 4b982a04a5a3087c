#include "packaging/portable_math.h"

#if defined(__x86_64__)
#define PORTABLE_MATH_OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define PORTABLE_MATH_OLDEST "GLIBC_2.17"
#else
#error "the oldest version of exp in the C library of this processor is not known here"
#endif

/* The function of the oldest version, and what the linker takes for its name. */
#define PORTABLE_MATH(function, parameters, arguments)                                             \
    double portable_math_##function parameters;                                                    \
    __asm__(".symver portable_math_" #function "," #function "@" PORTABLE_MATH_OLDEST);            \
    double __wrap_##function parameters                                                            \
    {                                                                                              \
        return portable_math_##function arguments;                                                 \
    }

PORTABLE_MATH(exp, (double x), (x))
PORTABLE_MATH(exp2, (double x), (x))
PORTABLE_MATH(log, (double x), (x))
PORTABLE_MATH(log2, (double x), (x))
PORTABLE_MATH(pow, (double x, double y), (x, y))
