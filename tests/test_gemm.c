/*
 * Every table of kernels that this CPU can run gives the bits of the reference for products of any
 * shape, however they are cut into ranges, and the reference agrees with double precision.  Arrays
 * are allocated to size, so that the address sanitizer sees a step beyond their ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "model/kernels/kernels.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct random_stream stream;

static int restart_stream(void **state)
{
    (void)state;
    stream = random_stream_begin(12, RANDOM_DRAW, 0);
    return 0;
}

static float *allocate(size_t count)
{
    float *values = malloc((count ? count : 1) * sizeof(*values));

    assert_non_null(values);
    return values;
}

/* Uniform on [-1, 1). */
static float *draw_floats(size_t count)
{
    float *values = allocate(count);

    for (size_t i = 0; i < count; i++)
        values[i] = 2.0f * random_uniform(&stream) - 1.0f;
    return values;
}

static float *copy_floats(const float *values, size_t count)
{
    return memcpy(allocate(count), values, count * sizeof(*values));
}

static size_t draw_size(size_t most)
{
    return 1 + random_below(&stream, (uint32_t)most);
}

static void assert_same_bits(const char *table, const char *what, const float *found,
                             const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&found[i], &expected[i], sizeof(*found)) != 0)
            fail_msg("%s, %s: value %zu of %zu is %a, the reference says %a", table, what, i, count,
                     (double)found[i], (double)expected[i]);
}

/* A matrix [rows][columns] in memory of its own, with a stride beyond its columns. */
static struct gemm_matrix draw_matrix(size_t rows, size_t columns, bool transposed, float **values)
{
    const size_t run = transposed ? rows : columns, num_runs = transposed ? columns : rows;
    const size_t stride = run + random_below(&stream, 4);

    *values = draw_floats(num_runs > 0 ? (num_runs - 1) * stride + run : 0);
    return transposed ? gemm_transposed(*values, stride) : gemm_plain(*values, stride);
}

/* A column at which columns can be cut: a multiple of a panel. */
static size_t draw_cut(size_t N)
{
    return random_below(&stream, (uint32_t)((N - 1) / GEMM_PANEL + 1)) * GEMM_PANEL;
}

/* ---- packing ---- */

static void check_pack(const struct kernels *kernels, size_t K, size_t N, bool transposed)
{
    const size_t size = gemm_packed_size(K, N), cut = draw_cut(N);
    float *values, *found = draw_floats(size), *expected = draw_floats(size);
    const struct gemm_matrix B = draw_matrix(K, N, transposed, &values);

    kernels->gemm->pack(&B, K, N, cut, N, found);
    if (cut > 0)
        kernels->gemm->pack(&B, K, N, 0, cut, found);
    kernels_reference.gemm->pack(&B, K, N, 0, N, expected);
    assert_same_bits(kernels->name, "packed", found, expected, size);
    free(values);
    free(found);
    free(expected);
}

static void test_pack_any_shape_equals_reference(void **state)
{
    static const size_t SIZES[] = {1, 2, 15, 16, 17, 31, 32, 33, 48, 49, 64, 65, 100};
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    (void)state;
    for (size_t t = 0; t < num_tables; t++)
        for (size_t k = 0; k < COUNT(SIZES); k++)
            for (size_t n = 0; n < COUNT(SIZES); n++)
                for (int transposed = 0; transposed < 2; transposed++)
                    check_pack(tables[t], SIZES[k], SIZES[n], transposed);
}

/* ---- products ---- */

enum { ACCUMULATE = 1, BIAS = 2, RELU = 4, MASK = 8, TRANSPOSED = 16, NUM_SETTINGS = 32 };

/* A product with everything it needs; what C holds before is drawn. */
struct product {
    size_t M, C_size;
    struct gemm_product given;
    float *A, *packed, *bias, *mask, *C;
};

static struct product draw_product(size_t M, size_t N, size_t K, int settings)
{
    struct product x = {.M = M};
    float *B;
    const struct gemm_matrix matrix = draw_matrix(K, N, false, &B);

    x.given = (struct gemm_product){.K = K, .N = N, .C_stride = N + random_below(&stream, 4)};
    x.given.A = draw_matrix(M, K, settings & TRANSPOSED, &x.A);
    x.packed = allocate(gemm_packed_size(K, N));
    kernels_reference.gemm->pack(&matrix, K, N, 0, N, x.packed);
    free(B);
    x.given.packed_B = x.packed;
    x.C_size = (M - 1) * x.given.C_stride + N;
    x.C = draw_floats(x.C_size);
    x.given.accumulate = settings & ACCUMULATE;
    if (settings & BIAS)
        x.given.bias = x.bias = draw_floats(N);
    x.given.relu = settings & RELU;
    if (settings & MASK) {
        x.given.mask_stride = N + random_below(&stream, 4);
        x.given.mask = x.mask = draw_floats((M - 1) * x.given.mask_stride + N);
        x.mask[0] = 0.0f;
    }
    return x;
}

static void free_product(struct product *x)
{
    free(x->A);
    free(x->packed);
    free(x->bias);
    free(x->mask);
    free(x->C);
}

/* The kernels compute in four ranges of rows and columns, the reference at once. */
static void check_product(const struct kernels *kernels, const struct product *x)
{
    const size_t M = x->M, N = x->given.N, row = random_below(&stream, (uint32_t)M);
    const size_t column = draw_cut(N);
    float *found = copy_floats(x->C, x->C_size), *expected = copy_floats(x->C, x->C_size);
    struct gemm_product product = x->given;

    product.C = found;
    kernels->gemm->multiply(&product, 0, row, 0, column);
    kernels->gemm->multiply(&product, row, M, 0, column);
    kernels->gemm->multiply(&product, 0, row, column, N);
    kernels->gemm->multiply(&product, row, M, column, N);
    product.C = expected;
    kernels_reference.gemm->multiply(&product, 0, M, 0, N);
    assert_same_bits(kernels->name, "product", found, expected, x->C_size);
    free(found);
    free(expected);
}

static void check_products(size_t M, size_t N, size_t K, int settings)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    struct product x = draw_product(M, N, K, settings);

    for (size_t t = 0; t < num_tables; t++)
        check_product(tables[t], &x);
    free_product(&x);
}

static void test_multiply_edges_equals_reference(void **state)
{
    static const size_t SIZES[] = {1, 2, 5, 6, 7, 13, 14, 15, 16, 17, 29, 31, 32, 33, 48, 50, 65};

    (void)state;
    for (size_t m = 0; m < COUNT(SIZES); m++)
        for (size_t n = 0; n < COUNT(SIZES); n++)
            check_products(SIZES[m], SIZES[n], draw_size(20),
                           (int)random_below(&stream, NUM_SETTINGS));
}

static void test_multiply_any_setting_equals_reference(void **state)
{
    (void)state;
    for (int settings = 0; settings < NUM_SETTINGS; settings++)
        for (int i = 0; i < 10; i++)
            check_products(draw_size(70), draw_size(70), draw_size(70), settings);
}

/* More k than a block of any table has, and none at all. */
static void test_multiply_long_and_empty_sums_equals_reference(void **state)
{
    static const size_t SIZES[] = {0, 383, 384, 385, 512, 784, 1537, 3000};

    (void)state;
    for (size_t k = 0; k < COUNT(SIZES); k++)
        for (int i = 0; i < 4; i++)
            check_products(draw_size(40), draw_size(40), SIZES[k],
                           (int)random_below(&stream, NUM_SETTINGS));
}

/* Sums of K products below 1, and what they began with: K roundings of less than K 2^-24 each. */
static void test_multiply_reference_is_close_to_double(void **state)
{
    enum { M = 3, N = 5, K = 300 };
    struct product x = draw_product(M, N, K, BIAS);

    (void)state;
    x.given.C = x.C;
    kernels_reference.gemm->multiply(&x.given, 0, M, 0, N);
    for (size_t m = 0; m < M; m++)
        for (size_t n = 0; n < N; n++) {
            double sum = x.bias[n];

            for (size_t k = 0; k < K; k++)
                sum += (double)x.given.A.values[m * x.given.A.row_stride + k] *
                       x.packed[k * GEMM_LANES + n];
            if (fabs(x.C[m * x.given.C_stride + n] - sum) > 1e-5)
                fail_msg("%g is not near %g", (double)x.C[m * x.given.C_stride + n], sum);
        }
    free_product(&x);
}

/* -0 is not below 0 and stays, a nan too; a mask of -0 or nan does not hold. */
static void test_multiply_relu_and_mask_of_zeros_and_nan(void **state)
{
    const float a[] = {-0.0f, NAN, -1.0f, 2.0f}, mask[] = {-0.0f, NAN, 1.0f, -1.0f};
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    float packed[GEMM_LANES] = {1.0f};

    (void)state;
    for (size_t t = 0; t <= num_tables; t++) {
        const struct kernels *kernels = t < num_tables ? tables[t] : &kernels_reference;
        float c[4] = {-0.0f, -0.0f, -0.0f, -0.0f};
        struct gemm_product product = {.K = 1,
                                       .N = 1,
                                       .A = gemm_plain(a, 1),
                                       .packed_B = packed,
                                       .C = c,
                                       .C_stride = 1,
                                       .accumulate = true,
                                       .relu = true};

        kernels->gemm->multiply(&product, 0, 4, 0, 1);
        assert_true(c[0] == 0.0f && signbit(c[0]));
        assert_true(isnan(c[1]));
        assert_true(c[2] == 0.0f && c[3] == 2.0f);
        product = (struct gemm_product){.K = 1,
                                        .N = 1,
                                        .A = gemm_plain(a, 1),
                                        .packed_B = packed,
                                        .C = c,
                                        .C_stride = 1,
                                        .mask = mask,
                                        .mask_stride = 1};
        kernels->gemm->multiply(&product, 0, 4, 0, 1);
        assert_true(c[0] == 0.0f && c[1] == 0.0f && c[2] == -1.0f && c[3] == 0.0f);
    }
}

/* ---- trees ---- */

/* What slice mode does: a product for each slice, and tree_add over them. */
static void sum_slices(const struct kernels *kernels, const struct gemm_tree *tree, size_t M,
                       const float *B, float *C)
{
    const size_t num_slices = tree->end_slice - tree->begin_slice, N = tree->N;
    float **slices = malloc(num_slices * sizeof(*slices));

    assert_non_null(slices);
    for (size_t i = 0; i < num_slices; i++) {
        const size_t begin = (tree->begin_slice + i) * tree->slice_rows;
        const size_t end = begin + tree->slice_rows < tree->K ? begin + tree->slice_rows : tree->K;
        const struct gemm_matrix rows = gemm_plain(B + begin * N, N);
        float *packed = allocate(gemm_packed_size(end - begin, N));

        slices[i] = allocate(M * N);
        kernels->gemm->pack(&rows, end - begin, N, 0, N, packed);
        kernels->gemm->multiply(
            &(struct gemm_product){
                .K = end - begin,
                .N = N,
                .A = gemm_transposed(tree->A.values + begin * tree->A.column_stride,
                                     tree->A.column_stride),
                .packed_B = packed,
                .C = slices[i],
                .C_stride = N},
            0, M, 0, N);
        free(packed);
    }
    kernels->tree_add(slices, num_slices, 0, M * N);
    memcpy(C, slices[0], M * N * sizeof(*C));
    for (size_t i = 0; i < num_slices; i++)
        free(slices[i]);
    free(slices);
}

static void check_tree(size_t M, size_t N, size_t K, size_t slice_rows, size_t begin_slice,
                       size_t end_slice)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables), row = random_below(&stream, (uint32_t)M);
    const size_t column = draw_cut(N);
    float *A = draw_floats(K * M), *B = draw_floats(K * N), *found = draw_floats(M * N);
    float *expected = draw_floats(M * N), *packed = allocate(gemm_packed_size(K, N));
    const struct gemm_matrix rows = gemm_plain(B, N);
    struct gemm_tree tree = {.K = K,
                             .N = N,
                             .A = gemm_transposed(A, M),
                             .packed_B = packed,
                             .slice_rows = slice_rows,
                             .begin_slice = begin_slice,
                             .end_slice = end_slice,
                             .C = expected,
                             .C_stride = N};

    kernels_reference.gemm->pack(&rows, K, N, 0, N, packed);
    kernels_reference.gemm->multiply_tree(&tree, 0, M, 0, N);
    sum_slices(&kernels_reference, &tree, M, B, found);
    assert_same_bits("reference", "slices", found, expected, M * N);
    tree.C = found;
    for (size_t t = 0; t < num_tables; t++) {
        sum_slices(tables[t], &tree, M, B, found);
        assert_same_bits(tables[t]->name, "slices", found, expected, M * N);
        memset(found, 0, M * N * sizeof(*found));
        tables[t]->gemm->multiply_tree(&tree, 0, row, 0, column);
        tables[t]->gemm->multiply_tree(&tree, row, M, 0, column);
        tables[t]->gemm->multiply_tree(&tree, 0, M, column, N);
        assert_same_bits(tables[t]->name, "tree", found, expected, M * N);
    }
    free(A);
    free(B);
    free(found);
    free(expected);
    free(packed);
}

static void test_multiply_tree_any_number_of_slices_equals_slices_and_tree_add(void **state)
{
    (void)state;
    for (size_t num_slices = 1; num_slices <= 40; num_slices++) {
        const size_t whole = num_slices * 4;

        check_tree(draw_size(20), draw_size(70), whole, 4, 0, num_slices);
        check_tree(draw_size(20), draw_size(70), whole - draw_size(3), 4, 0, num_slices);
    }
}

static void test_multiply_tree_ranges_of_slices_equals_slices_and_tree_add(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        const size_t begin = random_below(&stream, 8);

        check_tree(draw_size(40), draw_size(40), 250, 32, begin,
                   begin + 1 + random_below(&stream, (uint32_t)(8 - begin)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_pack_any_shape_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_multiply_edges_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_multiply_any_setting_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_multiply_long_and_empty_sums_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_multiply_reference_is_close_to_double, restart_stream),
        cmocka_unit_test(test_multiply_relu_and_mask_of_zeros_and_nan),
        cmocka_unit_test_setup(test_multiply_tree_any_number_of_slices_equals_slices_and_tree_add,
                               restart_stream),
        cmocka_unit_test_setup(test_multiply_tree_ranges_of_slices_equals_slices_and_tree_add,
                               restart_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
