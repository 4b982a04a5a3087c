/*
 * Products of float32 matrices, C[m][n] = sum over k of A[m][k] B[k][n], with the same bits for any
 * instruction set, blocking and number of threads.
 *
 * The sum.  Element (m, n) is acc = fma(A[m][k], B[k][n], acc) for k = 0, 1, ..., K - 1 in this
 * order, from 0, from what C holds, or from bias[n].  No element knows of another, so that ranges
 * of rows and of columns can be given to threads in any way.
 *
 * B is packed before it is multiplied: once for all who multiply by it, or in ranges of panels by
 * several threads.  A is read where it lies.  No workspace is asked for; nothing needs to be
 * aligned (64 bytes are a little faster for what is packed); nothing is read or written beyond what
 * the shapes say.  Rows of A or C that are a multiple of 4096 bytes apart share a few lines of the
 * first-level cache: with 16 floats more between them a product takes up to a tenth less time.
 * All functions are thread-safe as long as nobody else touches what they write.
 *
 * The three products of a dense layer, X [B][I], weight W [O][I], Y [B][O]:
 *     Y = X W^T + bias     A = X plain, B = W transposed (K = I, N = O), bias
 *     dX = dY W            A = dY plain, B = W plain (K = O, N = I)
 *     dW = dY^T X          A = dY transposed, B = X plain (K = B, N = I): multiply_tree
 */
#ifndef QUERN_MODEL_GEMM_H
#define QUERN_MODEL_GEMM_H

#include <stdbool.h>
#include <stddef.h>

enum {
    GEMM_PANEL = 32, /* columns of a panel of a packed matrix */
    GEMM_LANES = 16, /* the columns of the last panel are filled up to a multiple of this */
    GEMM_MAX_SLICES_LOG2 = 32,
};

/* Element (r, c) of a matrix is values[r * row_stride + c * column_stride]; one stride is 1. */
struct gemm_matrix {
    const float *values;
    size_t row_stride, column_stride;
};

/* A matrix whose rows lie stride floats apart, and the transpose of such a matrix. */
static inline struct gemm_matrix gemm_plain(const float *values, size_t stride)
{
    return (struct gemm_matrix){values, stride, 1};
}

static inline struct gemm_matrix gemm_transposed(const float *values, size_t stride)
{
    return (struct gemm_matrix){values, 1, stride};
}

/* Floats of a packed matrix [K][N]. */
static inline size_t gemm_packed_size(size_t K, size_t N)
{
    return K * ((N + GEMM_LANES - 1) / GEMM_LANES * GEMM_LANES);
}

/* A product; what is left out of an initialiser is off. */
struct gemm_product {
    size_t K, N;
    struct gemm_matrix A;  /* [M][K] */
    const float *packed_B; /* [K][N], by pack */
    float *C;              /* [M][N], rows C_stride floats apart */
    size_t C_stride;

    bool accumulate;   /* sums start from what C holds; */
    const float *bias; /* [N]: else from these, or if NULL from 0 */

    bool relu; /* at the end, c = c < 0 ? 0 : c */
    const float
        *mask; /* at the end, c = mask > 0 ? c : 0; [M][N], rows mask_stride apart; or NULL */
    size_t mask_stride;
};

/*
 * dW of a batch whose rows are cut into slices, as sums of slices (rows in order from 0) that meet
 * in the binary tree of kernels.h, tree_add; the same bits as a product for each slice and
 * tree_add over them.  No slice's gradient is ever written out.
 */
struct gemm_tree {
    size_t K, N;           /* rows of the whole batch, and inputs */
    struct gemm_matrix A;  /* [M][K]: gemm_transposed(dY, stride) and no other */
    const float *packed_B; /* [K][N]: the batch's X, packed plain */
    size_t slice_rows;     /* slice s: rows s * slice_rows to (s + 1) * slice_rows, at most K */
    size_t begin_slice, end_slice; /* the slices to add, at least one; the tree counts from the
                                      first of them */
    float *C;                      /* [M][N], rows C_stride floats apart */
    size_t C_stride;
};

struct gemm_kernels {
    /*
     * Packs columns [begin, end) of B [K][N]; begin is a multiple of GEMM_PANEL, end is too or is
     * N.  packed [gemm_packed_size(K, N)] is the whole packed matrix: panel p, columns 32 p to
     * 32 p + 31, starts at float 32 p K and holds [K][32] values; a last panel of at most 16
     * columns is [K][16].  Columns beyond N are zeros.
     */
    void (*pack)(const struct gemm_matrix *B, size_t K, size_t N, size_t begin, size_t end,
                 float *packed);

    /* Rows [begin_row, end_row) and columns [begin_column, end_column) of C; begin_column is a
     * multiple of GEMM_PANEL, end_column is too or is N. */
    void (*multiply)(const struct gemm_product *product, size_t begin_row, size_t end_row,
                     size_t begin_column, size_t end_column);

    /* The same ranges of C, which is overwritten. */
    void (*multiply_tree)(const struct gemm_tree *tree, size_t begin_row, size_t end_row,
                          size_t begin_column, size_t end_column);
};

#endif
