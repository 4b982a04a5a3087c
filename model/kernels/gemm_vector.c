/*
 * gemm.h by tiles; compiled once for each instruction set, with GEMM_TABLE and TILE_TABLE the names
 * of the tables.
 *
 * All tiles of rows walk over a panel of B before the next one, which they fetch meanwhile.  A
 * panel comes from the second-level cache as fast as it is used; only very long ones are cut into
 * blocks of k, and sums go on from what an earlier block left in C.
 */
#include <assert.h>

#include "model/kernels/gemm.h"
#include "model/kernels/tile.h"
#include "model/kernels/vector.h"

extern const struct tile_kernels TILE_TABLE;
extern const struct gemm_kernels GEMM_TABLE;

enum { LANES = VECTOR_NUM_LANES, BLOCK_K = 1024 };

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
        .num_samples = 1,
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
    /* Fetched meanwhile: the next panel, then the rows of C that the next tile writes. */
    const float *fetched = tile.B + (end - begin) * width;
    const float *const fetched_end = fetched + (n + width < product->N ? (end - begin) * width : 0);
    tile_function *const *run = TILE_TABLE.run[access][(num_columns - 1) / LANES];

    for (size_t m = begin_row; m < end_row;) {
        const size_t num_rows = tile_choose_rows(end_row - m, TILE_TABLE.max_rows);

        tile.A = A->values + m * A->row_stride + begin * A->column_stride;
        tile.C = product->C + m * product->C_stride + n;
        tile.fetched = fetched < fetched_end ? fetched : tile.C + num_rows * product->C_stride;
        fetched += tile_fetched_floats(&loop);
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

/* A tile of A is copied if it is used for several panels and not of more k than this; the rows of
 * dY are often a multiple of 4096 bytes apart, and then a cache holds few of them. */
enum { MOST_COPIED_K = 1024 };

/* What all tiles of a range of C have in common. */
struct gemm_tiles {
    const struct gemm_tree *tree;
    struct tile_tree tiles;
    size_t begin; /* k */
};

/* num_rows rows of C and the columns of one tile; A is of its first row. */
static void gemm_run_tree(const struct gemm_tiles *x, const float *A, size_t A_stride, size_t m,
                          size_t num_rows, size_t n, size_t num_columns)
{
    const struct gemm_tree *tree = x->tree;
    const size_t panel = n / GEMM_PANEL * GEMM_PANEL;
    struct tile_tree tiles = x->tiles;
    struct tile tile = {.A = A, .num_columns = num_columns};

    tiles.A_stride = A_stride;
    tiles.B_stride = gemm_panel_width(tree->N, panel);
    tile.B = tree->packed_B + panel * tree->K + x->begin * tiles.B_stride + n - panel;
    tile.C = tree->C + m * tree->C_stride + n;
    TILE_TABLE.run_tree[(num_columns - 1) / LANES][num_rows - 1](&tiles, &tile);
}

/* Rows of tiles, from a copy of their A. */
static void gemm_multiply_tree_copied(const struct gemm_tiles *x, size_t num_k, size_t begin_row,
                                      size_t end_row, size_t begin_column, size_t end_column)
{
    const size_t step = TILE_TABLE.max_vectors * LANES, A_stride = x->tree->A.column_stride;
    float copy[MOST_COPIED_K * LANES];

    for (size_t m = begin_row; m < end_row;) {
        const size_t num_rows = tile_choose_rows(end_row - m, TILE_TABLE.max_rows);
        const float *A = x->tree->A.values + m + x->begin * A_stride;

        for (size_t k = 0; k < num_k; k++)
            vector_store(copy + k * LANES, vector_load_first(A + k * A_stride, num_rows));
        for (size_t n = begin_column; n < end_column; n += step)
            gemm_run_tree(x, copy, LANES, m, num_rows, n, gemm_smaller(step, end_column - n));
        m += num_rows;
    }
}

static void gemm_multiply_tree(const struct gemm_tree *tree, size_t begin_row, size_t end_row,
                               size_t begin_column, size_t end_column)
{
    const size_t step = TILE_TABLE.max_vectors * LANES, A_stride = tree->A.column_stride;
    const size_t num_slices = tree->end_slice - tree->begin_slice;
    const size_t begin = tree->begin_slice * tree->slice_rows;
    const size_t end = gemm_smaller(tree->end_slice * tree->slice_rows, tree->K);
    const struct gemm_tiles x = {
        .tree = tree,
        .tiles = {.num_slices = num_slices,
                  .slice_length = tree->slice_rows,
                  .last_length = end - begin - (num_slices - 1) * tree->slice_rows,
                  .C_stride = tree->C_stride},
        .begin = begin,
    };

    assert(tree->A.row_stride == 1 && begin < end);
    if (end - begin <= MOST_COPIED_K && end_column - begin_column > 2 * step) {
        gemm_multiply_tree_copied(&x, end - begin, begin_row, end_row, begin_column, end_column);
        return;
    }
    for (size_t n = begin_column; n < end_column; n += step)
        for (size_t m = begin_row; m < end_row;) {
            const size_t num_rows = tile_choose_rows(end_row - m, TILE_TABLE.max_rows);

            gemm_run_tree(&x, tree->A.values + m + begin * A_stride, A_stride, m, num_rows, n,
                          gemm_smaller(step, end_column - n));
            m += num_rows;
        }
}

const struct gemm_kernels GEMM_TABLE = {
    .pack = gemm_pack,
    .multiply = gemm_multiply,
    .multiply_tree = gemm_multiply_tree,
};
