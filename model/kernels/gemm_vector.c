/*
 * gemm.h by tiles; compiled once for each instruction set, with GEMM_TABLE and TILE_TABLE the names
 * of the tables.
 *
 * A panel of B is walked over by all tiles of rows before the next one, in blocks of k that leave
 * it in the first-level cache; sums go on from what an earlier block of k left in C.
 */
#include <assert.h>

#include "model/kernels/gemm.h"
#include "model/kernels/tile.h"
#include "model/kernels/vector.h"

extern const struct tile_kernels TILE_TABLE;
extern const struct gemm_kernels GEMM_TABLE;

enum { LANES = VECTOR_NUM_LANES, BLOCK_K = 384 };

static size_t gemm_smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Floats between the rows of the panel that column begins. */
static size_t gemm_panel_width(size_t N, size_t column)
{
    return N - column > GEMM_LANES ? GEMM_PANEL : GEMM_LANES;
}

/* ---- packing ---- */

/* Rows of B lie in one piece. */
static void gemm_pack_plain(const float *B, size_t stride, size_t K, size_t num_columns,
                            size_t width, float *packed)
{
    for (size_t k = 0; k < K; k++) {
        for (size_t n = 0; n < width; n += LANES) {
            struct vector b = vector_set1(0.0f);

            if (n + LANES <= num_columns)
                b = vector_load(B + n);
            else if (n < num_columns)
                b = vector_load_first(B + n, num_columns - n);
            vector_store(packed + n, b);
        }
        B += stride;
        packed += width;
    }
}

/* Columns of B lie in one piece: blocks of LANES x LANES are transposed in registers. */
static void gemm_pack_transposed(const float *B, size_t stride, size_t K, size_t num_columns,
                                 size_t width, float *packed)
{
    for (size_t n = 0; n < width; n += LANES) {
        size_t k = 0;

        if (n + LANES <= num_columns)
            for (; k + LANES <= K; k += LANES)
                vector_transpose(B + n * stride + k, stride, packed + k * width + n, width);
        for (; k < K; k++)
            for (size_t j = n; j < n + LANES; j++)
                packed[k * width + j] = j < num_columns ? B[j * stride + k] : 0.0f;
    }
}

static void gemm_pack(const struct gemm_matrix *B, size_t K, size_t N, size_t begin, size_t end,
                      float *packed)
{
    for (size_t n = begin; n < end; n += GEMM_PANEL) {
        const size_t num_columns = gemm_smaller(N - n, GEMM_PANEL);
        const size_t width = gemm_panel_width(N, n);

        if (B->column_stride == 1)
            gemm_pack_plain(B->values + n, B->row_stride, K, num_columns, width, packed + n * K);
        else
            gemm_pack_transposed(B->values + n * B->column_stride, B->column_stride, K, num_columns,
                                 width, packed + n * K);
    }
}

/* ---- products ---- */

/* k from begin to end, of the columns of one tile, for all rows. */
static void gemm_multiply_block(const struct gemm_product *product, size_t begin_row,
                                size_t end_row, size_t n, size_t num_columns, size_t begin,
                                size_t end)
{
    const struct gemm_matrix *A = &product->A;
    const enum tile_access access = A->column_stride == 1 ? TILE_ALONG_ROWS : TILE_ACROSS_ROWS;
    const size_t panel = n / GEMM_PANEL * GEMM_PANEL;
    const size_t width = gemm_panel_width(product->N, panel);
    const bool is_first = begin == 0, is_last = end == product->K;
    const struct tile_loop loop = {
        .num_segments = 1,
        .segment_length = end - begin,
        .A_stride = access == TILE_ALONG_ROWS ? A->row_stride : A->column_stride,
        .B_stride = width,
        .C_stride = product->C_stride,
        .mask_stride = product->mask_stride,
        .relu = product->relu && is_last,
    };
    struct tile tile = {
        .B = product->packed_B + panel * product->K + begin * width + n - panel,
        .num_columns = num_columns,
    };
    tile_function *const *run = TILE_TABLE.run[access][(num_columns - 1) / LANES];

    for (size_t m = begin_row; m < end_row;) {
        const size_t num_rows = tile_choose_rows(end_row - m, TILE_TABLE.max_rows);

        tile.A = A->values + m * A->row_stride + begin * A->column_stride;
        tile.C = product->C + m * product->C_stride + n;
        if (!is_first || product->accumulate) {
            tile.start = tile.C;
            tile.start_stride = product->C_stride;
        } else if (product->bias) {
            tile.start = product->bias + n;
        }
        if (is_last && product->mask)
            tile.mask = product->mask + m * product->mask_stride + n;
        run[num_rows - 1](&loop, &tile);
        m += num_rows;
    }
}

static void gemm_multiply(const struct gemm_product *product, size_t begin_row, size_t end_row,
                          size_t begin_column, size_t end_column)
{
    const size_t K = product->K, step = TILE_TABLE.max_vectors * LANES;
    const size_t num_blocks = K > 0 ? (K + BLOCK_K - 1) / BLOCK_K : 1;
    const size_t block = (K + num_blocks - 1) / num_blocks;

    for (size_t n = begin_column; n < end_column; n += step) {
        size_t k = 0;

        do {
            gemm_multiply_block(product, begin_row, end_row, n, gemm_smaller(step, end_column - n),
                                k, gemm_smaller(K, k + block));
            k += block;
        } while (k < K);
    }
}

/* ---- trees ---- */

static void gemm_multiply_tree(const struct gemm_tree *tree, size_t begin_row, size_t end_row,
                               size_t begin_column, size_t end_column)
{
    const size_t step = TILE_TABLE.max_vectors * LANES;
    const size_t begin = tree->begin_slice * tree->slice_rows;
    const size_t num_slices = tree->end_slice - tree->begin_slice;
    const size_t last = begin + (num_slices - 1) * tree->slice_rows;
    struct tile_tree tiles = {
        .num_slices = num_slices,
        .slice_length = tree->slice_rows,
        .last_length = gemm_smaller(tree->K - last, tree->slice_rows),
        .A_stride = tree->A.column_stride,
        .C_stride = tree->C_stride,
    };

    assert(tree->A.row_stride == 1 && num_slices > 0 && last < tree->K);
    for (size_t n = begin_column; n < end_column; n += step) {
        const size_t panel = n / GEMM_PANEL * GEMM_PANEL;
        struct tile tile = {.num_columns = gemm_smaller(step, end_column - n)};
        tile_tree_function *const *run = TILE_TABLE.run_tree[(tile.num_columns - 1) / LANES];

        tiles.B_stride = gemm_panel_width(tree->N, panel);
        tile.B = tree->packed_B + panel * tree->K + begin * tiles.B_stride + n - panel;
        for (size_t m = begin_row; m < end_row;) {
            const size_t num_rows = tile_choose_rows(end_row - m, TILE_TABLE.max_rows);

            tile.A = tree->A.values + m + begin * tree->A.column_stride;
            tile.C = tree->C + m * tree->C_stride + n;
            run[num_rows - 1](&tiles, &tile);
            m += num_rows;
        }
    }
}

const struct gemm_kernels GEMM_TABLE = {
    .pack = gemm_pack,
    .multiply = gemm_multiply,
    .multiply_tree = gemm_multiply_tree,
};
