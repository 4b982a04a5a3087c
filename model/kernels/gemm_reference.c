/* gemm.h in plain loops. */
#include <math.h>
#include <stdlib.h>

#include "model/kernels/kernels.h"

static float gemm_element(const struct gemm_matrix *matrix, size_t row, size_t column)
{
    return matrix->values[row * matrix->row_stride + column * matrix->column_stride];
}

/* Where a packed matrix [K][N] has B[k][n]. */
static size_t gemm_packed_index(size_t K, size_t N, size_t k, size_t n)
{
    const size_t panel = n / GEMM_PANEL * GEMM_PANEL;
    const size_t width = N - panel > GEMM_LANES ? GEMM_PANEL : GEMM_LANES;

    return panel * K + k * width + n - panel;
}

static void gemm_pack(const struct gemm_matrix *B, size_t K, size_t N, size_t begin, size_t end,
                      float *packed)
{
    const size_t filled = (end + GEMM_LANES - 1) / GEMM_LANES * GEMM_LANES;

    for (size_t k = 0; k < K; k++)
        for (size_t n = begin; n < filled; n++)
            packed[gemm_packed_index(K, N, k, n)] = n < N ? gemm_element(B, k, n) : 0.0f;
}

static float gemm_finish(const struct gemm_product *product, size_t m, size_t n, float sum)
{
    if (product->relu && sum < 0.0f)
        return 0.0f;
    if (product->mask && !(product->mask[m * product->mask_stride + n] > 0.0f))
        return 0.0f;
    return sum;
}

static void gemm_multiply(const struct gemm_product *product, size_t begin_row, size_t end_row,
                          size_t begin_column, size_t end_column)
{
    for (size_t m = begin_row; m < end_row; m++) {
        for (size_t n = begin_column; n < end_column; n++) {
            float *c = &product->C[m * product->C_stride + n];
            float sum = product->accumulate ? *c : product->bias ? product->bias[n] : 0.0f;

            for (size_t k = 0; k < product->K; k++)
                sum = fmaf(gemm_element(&product->A, m, k),
                           product->packed_B[gemm_packed_index(product->K, product->N, k, n)], sum);
            *c = gemm_finish(product, m, n, sum);
        }
    }
}

/* The sum of one slice, rows in order from 0. */
static float gemm_slice_sum(const struct gemm_tree *tree, size_t slice, size_t m, size_t n)
{
    const size_t begin = slice * tree->slice_rows;
    float sum = 0.0f;

    for (size_t k = begin; k < begin + tree->slice_rows && k < tree->K; k++)
        sum = fmaf(gemm_element(&tree->A, m, k),
                   tree->packed_B[gemm_packed_index(tree->K, tree->N, k, n)], sum);
    return sum;
}

/* The tree by its definition: the sum of count slices is that of the largest power of two below
 * count, and of the rest. */
static float gemm_tree_sum(const struct gemm_tree *tree, size_t begin, size_t count, size_t m,
                           size_t n)
{
    size_t half = 1;

    if (count == 1)
        return gemm_slice_sum(tree, begin, m, n);
    while (2 * half < count)
        half *= 2;
    return gemm_tree_sum(tree, begin, half, m, n) +
           gemm_tree_sum(tree, begin + half, count - half, m, n);
}

static void gemm_multiply_tree(const struct gemm_tree *tree, size_t begin_row, size_t end_row,
                               size_t begin_column, size_t end_column)
{
    for (size_t m = begin_row; m < end_row; m++)
        for (size_t n = begin_column; n < end_column; n++)
            tree->C[m * tree->C_stride + n] =
                gemm_tree_sum(tree, tree->begin_slice, tree->end_slice - tree->begin_slice, m, n);
}

const struct gemm_kernels gemm_reference = {
    .pack = gemm_pack,
    .multiply = gemm_multiply,
    .multiply_tree = gemm_multiply_tree,
};
