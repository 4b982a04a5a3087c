/*
 * A fused multiply-add of floats without the instruction: the same bits as fmaf, nan payloads
 * apart (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms
 * using rounding to odd", IEEE Transactions on Computers, 2008).
 */
#ifndef QUERN_MODEL_EMULATED_FMA_H
#define QUERN_MODEL_EMULATED_FMA_H

#include <stdint.h>
#include <string.h>

/* Vectors as GCC and Clang know them on every processor. */
typedef double emulated_double2 __attribute__((vector_size(16)));
typedef int64_t emulated_int2 __attribute__((vector_size(16)));
typedef float emulated_float2 __attribute__((vector_size(8)));

/*
 * c = a b + c, rounded once, in both lanes.  The product of two floats is exact in double.  The
 * sum is rounded to odd: where it is inexact, towards zero and then with the last bit set.  A
 * double has more than two bits beyond a float, so that the second rounding cannot fall on a tie
 * that the first one made.
 */
static inline void emulated_fma_pair(const float a[2], const float b[2], float c[2])
{
    const emulated_double2 addend = {c[0], c[1]};
    const emulated_double2 product =
        (emulated_double2){a[0], a[1]} * (emulated_double2){b[0], b[1]};
    const emulated_double2 sum = product + addend;
    /* Knuth's TwoSum: sum + lost is the exact value.  nan after overflow, and then not inexact. */
    const emulated_double2 rest = sum - product;
    const emulated_double2 lost = (product - (sum - rest)) + (addend - rest);
    /* Comparisons give -1 for true.  Where what was lost has the other sign, the sum is beyond the
     * exact value, seen from zero, and one step in its bits takes it back. */
    const emulated_int2 is_below = (emulated_int2)(lost < 0.0);
    const emulated_int2 is_inexact = is_below | (emulated_int2)(lost > 0.0);
    const emulated_int2 is_beyond = (is_below ^ (emulated_int2)(sum < 0.0)) & is_inexact;
    const emulated_int2 odd_bits = ((emulated_int2)sum + is_beyond) | (is_inexact & 1);
    const emulated_double2 odd = (emulated_double2)odd_bits;

    /* As vectors: gcc 12 would drop a rounding to float by lanes where a double is made of it next.
     */
    const emulated_float2 rounded = __builtin_convertvector(odd, emulated_float2);

    c[0] = rounded[0];
    c[1] = rounded[1];
}

#endif
