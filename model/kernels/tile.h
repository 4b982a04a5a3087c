/*
 * The one loop that products and convolutions are made of: a tile of sums, rows by columns, held in
 * registers while k runs.  Compiled for each instruction set; for gemm_vector.c and conv_vector.c.
 *
 * sum[i][n] = fma(A(i, k), B(k, n), sum[i][n]) for k = 0, 1, ...  The k come in segments, and A(i,
 * k) lies in memory in one of two ways: TILE_ALONG_ROWS, where A(i, k + 1) follows A(i, k) and rows
 * lie A_stride apart, or TILE_ACROSS_ROWS, where A(i + 1, k) follows A(i, k) and the k lie A_stride
 * apart.  So matrices, their transposes and the windows of maps are all read where they lie.
 */
#ifndef QUERN_MODEL_TILE_H
#define QUERN_MODEL_TILE_H

#include <stdbool.h>
#include <stddef.h>

enum tile_access { TILE_ALONG_ROWS, TILE_ACROSS_ROWS };

/* What the tiles of one product have in common. */
struct tile_loop {
    size_t num_segments, segment_length;
    size_t A_stride, A_segment_stride, A_group_stride;
    size_t B_stride, B_segment_stride; /* between k, and between segments; B(k, n + 1) follows */
    /* TILE_ACROSS_ROWS does that for each of num_samples, sample strides apart */
    size_t num_samples, A_sample_stride, B_sample_stride;
    size_t C_stride, mask_stride; /* between rows */
    bool relu;                    /* as in struct gemm_product */
};

/* One tile.  Sums start from start [num_columns], with start_stride 0 for each row the same, from
 * 0 if start is NULL.  mask may be NULL. */
struct tile {
    const float *A, *B;
    const float *start;
    size_t start_stride;
    const float *mask;
    const float *fetched; /* what run brings near meanwhile, without reading it */
    float *C;
    float *sums; /* [num_columns]: for those who add up B too; they go on from what is there */
    size_t num_columns; /* stored; as many vectors of B are loaded as these need */
};

/* So many floats from tile->fetched on: a line for every 4 k of a segment. */
static inline size_t tile_fetched_floats(const struct tile_loop *loop)
{
    return loop->num_segments * (loop->segment_length / 4 * 16);
}

/* num_rows tiles high: 1 to tile_max_rows. */
typedef void tile_function(const struct tile_loop *loop, const struct tile *tile);

/* Sums of one or more slices of k that meet in a tree, see struct gemm_tree; A lies
 * TILE_ACROSS_ROWS. */
struct tile_tree {
    size_t num_slices, slice_length, last_length;
    size_t A_stride, B_stride, C_stride;
};

typedef void tile_tree_function(const struct tile_tree *tree, const struct tile *tile);

/* Grouped tiles of weight gradients: TILE_GROUPS groups of TILE_GROUP_ROWS rows, A_group_stride
 * apart, each TILE_ACROSS_ROWS. */
enum { TILE_GROUPS = 3, TILE_GROUP_ROWS = 3 };

enum { TILE_MOST_ROWS = 14, TILE_MOST_VECTORS = 2, TILE_LANES = 16 };

struct tile_kernels {
    size_t max_rows, max_vectors; /* a tile's: what the registers hold */
    tile_function *run[2][TILE_MOST_VECTORS][TILE_MOST_ROWS]; /* [access][vectors - 1][rows - 1] */
    /* TILE_ACROSS_ROWS, and tile->sums[n] += B(k, n): up to max_sum_rows rows, and grouped. */
    size_t max_sum_rows;
    tile_function *run_sum[TILE_MOST_VECTORS][TILE_MOST_ROWS];
    tile_function *run_grouped_sum[TILE_MOST_VECTORS];
    tile_tree_function *run_tree[TILE_MOST_VECTORS][TILE_MOST_ROWS];
};

/* The height of the next tile, so that num_rows are cut into tiles of almost the same height. */
static inline size_t tile_choose_rows(size_t num_rows, size_t max_rows)
{
    const size_t num_tiles = (num_rows + max_rows - 1) / max_rows;

    return (num_rows + num_tiles - 1) / num_tiles;
}

#endif
