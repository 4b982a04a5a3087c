/*
 * Tiles by vectors; compiled once for each instruction set, with TILE_TABLE the name of the table.
 *
 * An instruction set runs tiles of 1 to VECTOR_TILE_ROWS rows and 1 to VECTOR_TILE_VECTORS vectors:
 * functions of constant height and width, because sums stay in registers only if the compiler can
 * count them.
 */
#include "model/kernels/tile.h"

#include "model/kernels/gemm.h"
#include "model/kernels/vector.h"

enum {
    ROWS = VECTOR_TILE_ROWS,
    VECTORS = VECTOR_TILE_VECTORS,
    LANES = VECTOR_NUM_LANES,
    SUM_ROWS = ROWS > 2 ? ROWS - 1 : ROWS, /* beside sums of B */
};

_Static_assert((int)ROWS <= (int)TILE_MOST_ROWS && (int)VECTORS <= (int)TILE_MOST_VECTORS,
               "tile.h has room for the tiles");

/* Rows that one pointer reaches by scaled indices: fewer pointers than rows fit into registers. */
enum { POINTER_ROWS = 3, NUM_POINTERS = (ROWS + POINTER_ROWS - 1) / POINTER_ROWS };

/* Hides from the compiler that pointers have a common base: it would compute each anew from it. */
#define TILE_HIDE(pointer) __asm__("" : "+r"(pointer))

/*
 * Each size of a tile is a copy of the functions below with its loops unrolled.  Without
 * optimization and with sanitizers, whose checks would make minutes of that, there is one copy for
 * all, whose loops count.
 */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define TILE_IS_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(TILE_IS_SANITIZED) || !defined(__OPTIMIZE__)
#define TILE_INLINE static __attribute__((noinline))
#define TILE_UNROLL
#else
#define TILE_INLINE VECTOR_INLINE
#define TILE_UNROLL VECTOR_UNROLL
#endif

/* ---- start and end of a tile ---- */

TILE_INLINE struct vector tile_load(const float *source, size_t num_columns, size_t v)
{
    const size_t left = num_columns - v * LANES;

    return left >= LANES ? vector_load(source + v * LANES)
                         : vector_load_first(source + v * LANES, left);
}

TILE_INLINE void tile_store(float *destination, size_t num_columns, size_t v, struct vector sum)
{
    const size_t left = num_columns - v * LANES;

    if (left >= LANES)
        vector_store(destination + v * LANES, sum);
    else
        vector_store_first(destination + v * LANES, sum, left);
}

TILE_INLINE void tile_clear(struct vector sums[ROWS][VECTORS], size_t num_rows, size_t num_vectors)
{
    TILE_UNROLL
    for (size_t i = 0; i < num_rows; i++) {
        TILE_UNROLL
        for (size_t v = 0; v < num_vectors; v++)
            sums[i][v] = vector_set1(0.0f);
    }
}

TILE_INLINE void tile_start(struct vector sums[ROWS][VECTORS], const struct tile *tile,
                            size_t num_rows, size_t num_vectors)
{
    if (!tile->start) {
        tile_clear(sums, num_rows, num_vectors);
        return;
    }
    TILE_UNROLL
    for (size_t i = 0; i < num_rows; i++) {
        TILE_UNROLL
        for (size_t v = 0; v < num_vectors; v++)
            sums[i][v] = tile_load(tile->start + i * tile->start_stride, tile->num_columns, v);
    }
}

TILE_INLINE void tile_finish(struct vector sums[ROWS][VECTORS], const struct tile_loop *loop,
                             const struct tile *tile, size_t num_rows, size_t num_vectors)
{
    const struct vector zero = vector_set1(0.0f);

    TILE_UNROLL
    for (size_t i = 0; i < num_rows; i++) {
        TILE_UNROLL
        for (size_t v = 0; v < num_vectors; v++) {
            if (loop->relu)
                sums[i][v] = vector_relu(sums[i][v]);
            if (tile->mask)
                sums[i][v] = vector_choose_greater(
                    tile_load(tile->mask + i * loop->mask_stride, tile->num_columns, v), zero,
                    sums[i][v], zero);
            tile_store(tile->C + i * loop->C_stride, tile->num_columns, v, sums[i][v]);
        }
    }
}

/* ---- the loop ---- */

/* The loops run in steps of STEP_K, with a line fetched in each of 4. */
enum { STEP_K = VECTOR_TILE_K, LINE_FLOATS = 16 };

/* sums += a(i) B(.., n): A(i, k) is at rows[i / POINTER_ROWS][i % POINTER_ROWS * A_stride]. */
TILE_INLINE void tile_step_along(struct vector sums[ROWS][VECTORS], const float *const *rows,
                                 size_t A_stride, size_t k, const float *B, size_t num_rows,
                                 size_t num_vectors)
{
    struct vector b[VECTORS];

    TILE_UNROLL
    for (size_t v = 0; v < num_vectors; v++)
        b[v] = vector_load(B + v * LANES);
    TILE_UNROLL
    for (size_t i = 0; i < num_rows; i++) {
        const struct vector a =
            vector_set1(rows[i / POINTER_ROWS][i % POINTER_ROWS * A_stride + k]);

        TILE_UNROLL
        for (size_t v = 0; v < num_vectors; v++)
            sums[i][v] = vector_fma(a, b[v], sums[i][v]);
    }
}

TILE_INLINE void tile_step_across(struct vector sums[ROWS][VECTORS], const float *A, const float *B,
                                  size_t num_rows, size_t num_vectors)
{
    struct vector b[VECTORS];

    TILE_UNROLL
    for (size_t v = 0; v < num_vectors; v++)
        b[v] = vector_load(B + v * LANES);
    TILE_UNROLL
    for (size_t i = 0; i < num_rows; i++) {
        const struct vector a = vector_set1(A[i]);

        TILE_UNROLL
        for (size_t v = 0; v < num_vectors; v++)
            sums[i][v] = vector_fma(a, b[v], sums[i][v]);
    }
}

/* sums += A(.., k) B(k, ..) for length k; lines from fetched on are fetched. */
TILE_INLINE void tile_across_rows(struct vector sums[ROWS][VECTORS], const float *A,
                                  size_t A_stride, const float *B, size_t B_stride, size_t length,
                                  const float *fetched, size_t num_rows, size_t num_vectors)
{
    size_t k = 0;

    for (; k + STEP_K <= length; k += STEP_K) {
        if (STEP_K == 4) {
            __builtin_prefetch(fetched, 0, 2);
            fetched += LINE_FLOATS;
        }
        TILE_UNROLL
        for (size_t i = 0; i < STEP_K; i++) {
            tile_step_across(sums, A, B, num_rows, num_vectors);
            A += A_stride;
            B += B_stride;
        }
    }
    for (; k < length; k++) {
        tile_step_across(sums, A, B, num_rows, num_vectors);
        A += A_stride;
        B += B_stride;
    }
}

TILE_INLINE void tile_along_rows(struct vector sums[ROWS][VECTORS], const float *A, size_t A_stride,
                                 const float *B, size_t B_stride, size_t length,
                                 const float *fetched, size_t num_rows, size_t num_vectors)
{
    const float *rows[NUM_POINTERS];
    size_t k = 0;

    TILE_UNROLL
    for (size_t p = 0; p < (num_rows + POINTER_ROWS - 1) / POINTER_ROWS; p++) {
        rows[p] = A + p * POINTER_ROWS * A_stride;
        TILE_HIDE(rows[p]);
    }
    for (; k + STEP_K <= length; k += STEP_K) {
        if (STEP_K == 4) {
            __builtin_prefetch(fetched, 0, 2);
            fetched += LINE_FLOATS;
        }
        TILE_UNROLL
        for (size_t i = 0; i < STEP_K; i++) {
            tile_step_along(sums, rows, A_stride, k + i, B, num_rows, num_vectors);
            B += B_stride;
        }
    }
    for (; k < length; k++) {
        tile_step_along(sums, rows, A_stride, k, B, num_rows, num_vectors);
        B += B_stride;
    }
}

/* num_rows and num_vectors are constants, here and below. */
TILE_INLINE void tile_run_along(const struct tile_loop *loop, const struct tile *tile,
                                size_t num_rows, size_t num_vectors)
{
    struct vector sums[ROWS][VECTORS];
    const float *A = tile->A, *B = tile->B, *fetched = tile->fetched;

    tile_start(sums, tile, num_rows, num_vectors);
    for (size_t segment = 0; segment < loop->num_segments; segment++) {
        tile_along_rows(sums, A, loop->A_stride, B, loop->B_stride, loop->segment_length, fetched,
                        num_rows, num_vectors);
        A += loop->A_segment_stride;
        B += loop->B_segment_stride;
        fetched += loop->segment_length / 4 * LINE_FLOATS;
    }
    tile_finish(sums, loop, tile, num_rows, num_vectors);
}

TILE_INLINE void tile_run_across(const struct tile_loop *loop, const struct tile *tile,
                                 size_t num_rows, size_t num_vectors)
{
    struct vector sums[ROWS][VECTORS];
    const float *fetched = tile->fetched;

    tile_start(sums, tile, num_rows, num_vectors);
    for (size_t sample = 0; sample < loop->num_samples; sample++) {
        const float *A = tile->A + sample * loop->A_sample_stride;
        const float *B = tile->B + sample * loop->B_sample_stride;

        for (size_t segment = 0; segment < loop->num_segments; segment++) {
            tile_across_rows(sums, A, loop->A_stride, B, loop->B_stride, loop->segment_length,
                             fetched, num_rows, num_vectors);
            A += loop->A_segment_stride;
            B += loop->B_segment_stride;
            fetched += loop->segment_length / 4 * LINE_FLOATS;
        }
    }
    tile_finish(sums, loop, tile, num_rows, num_vectors);
}

/* ---- sums of B beside ---- */

/* One segment; num_groups and group_rows are constants. */
TILE_INLINE void tile_sum_segment(struct vector sums[ROWS][VECTORS], struct vector totals[VECTORS],
                                  const struct tile_loop *loop, const float *A, const float *B,
                                  size_t num_groups, size_t group_rows, size_t num_vectors)
{
    for (size_t k = 0; k < loop->segment_length; k++) {
        struct vector b[VECTORS];

        TILE_UNROLL
        for (size_t v = 0; v < num_vectors; v++) {
            b[v] = vector_load(B + v * LANES);
            totals[v] = vector_add(totals[v], b[v]);
        }
        TILE_UNROLL
        for (size_t i = 0; i < num_groups * group_rows; i++) {
            const struct vector a =
                vector_set1(A[i / group_rows * loop->A_group_stride + i % group_rows]);

            TILE_UNROLL
            for (size_t v = 0; v < num_vectors; v++)
                sums[i][v] = vector_fma(a, b[v], sums[i][v]);
        }
        A += loop->A_stride;
        B += loop->B_stride;
    }
}

TILE_INLINE void tile_run_sum(const struct tile_loop *loop, const struct tile *tile,
                              size_t num_groups, size_t group_rows, size_t num_vectors)
{
    const size_t num_rows = num_groups * group_rows;
    struct vector sums[ROWS][VECTORS], totals[VECTORS];

    tile_start(sums, tile, num_rows, num_vectors);
    TILE_UNROLL
    for (size_t v = 0; v < num_vectors; v++)
        totals[v] = tile_load(tile->sums, tile->num_columns, v);
    for (size_t sample = 0; sample < loop->num_samples; sample++) {
        const float *A = tile->A + sample * loop->A_sample_stride;
        const float *B = tile->B + sample * loop->B_sample_stride;

        for (size_t segment = 0; segment < loop->num_segments; segment++)
            tile_sum_segment(sums, totals, loop, A + segment * loop->A_segment_stride,
                             B + segment * loop->B_segment_stride, num_groups, group_rows,
                             num_vectors);
    }
    TILE_UNROLL
    for (size_t v = 0; v < num_vectors; v++)
        tile_store(tile->sums, tile->num_columns, v, totals[v]);
    tile_finish(sums, loop, tile, num_rows, num_vectors);
}

/* ---- trees ---- */

typedef float tile_sums[ROWS][VECTORS][LANES];

TILE_INLINE void tile_add_waiting(struct vector sums[ROWS][VECTORS], tile_sums waiting,
                                  size_t num_rows, size_t num_vectors)
{
    TILE_UNROLL
    for (size_t i = 0; i < num_rows; i++) {
        TILE_UNROLL
        for (size_t v = 0; v < num_vectors; v++)
            sums[i][v] = vector_add(vector_load(waiting[i][v]), sums[i][v]);
    }
}

/*
 * The tree as a binary counter, as tree_add has it: finished subtrees wait in the first-level
 * cache, and the bits of the slice's number say which of them a slice completes.
 */
TILE_INLINE void tile_run_tree(const struct tile_tree *tree, const struct tile *tile,
                               size_t num_rows, size_t num_vectors)
{
    tile_sums waiting[GEMM_MAX_SLICES_LOG2 + 1];
    struct vector sums[ROWS][VECTORS];
    const float *A = tile->A, *B = tile->B;
    size_t num_waiting = 0;

    for (size_t slice = 0;; slice++) {
        const bool is_last = slice + 1 == tree->num_slices;

        tile_clear(sums, num_rows, num_vectors);
        tile_across_rows(sums, A, tree->A_stride, B, tree->B_stride,
                         is_last ? tree->last_length : tree->slice_length, B, num_rows,
                         num_vectors);
        A += tree->slice_length * tree->A_stride;
        B += tree->slice_length * tree->B_stride;
        for (size_t bits = slice; bits & 1; bits >>= 1)
            tile_add_waiting(sums, waiting[--num_waiting], num_rows, num_vectors);
        if (is_last)
            break;
        TILE_UNROLL
        for (size_t i = 0; i < num_rows; i++) {
            TILE_UNROLL
            for (size_t v = 0; v < num_vectors; v++)
                vector_store(waiting[num_waiting][i][v], sums[i][v]);
        }
        num_waiting++;
    }
    while (num_waiting > 0)
        tile_add_waiting(sums, waiting[--num_waiting], num_rows, num_vectors);
    TILE_UNROLL
    for (size_t i = 0; i < num_rows; i++) {
        TILE_UNROLL
        for (size_t v = 0; v < num_vectors; v++)
            tile_store(tile->C + i * tree->C_stride, tile->num_columns, v, sums[i][v]);
    }
}

/* ---- one function for each size ---- */

/* SIZE(rows, vectors) for every tile that the registers hold. */
/* clang-format off */
#if VECTOR_TILE_SIZES == 28
#define TILE_SIZES(SIZE)                                                                           \
    SIZE(1, 1) SIZE(2, 1) SIZE(3, 1) SIZE(4, 1) SIZE(5, 1) SIZE(6, 1) SIZE(7, 1) SIZE(8, 1)        \
    SIZE(9, 1) SIZE(10, 1) SIZE(11, 1) SIZE(12, 1) SIZE(13, 1) SIZE(14, 1)                         \
    SIZE(1, 2) SIZE(2, 2) SIZE(3, 2) SIZE(4, 2) SIZE(5, 2) SIZE(6, 2) SIZE(7, 2) SIZE(8, 2)        \
    SIZE(9, 2) SIZE(10, 2) SIZE(11, 2) SIZE(12, 2) SIZE(13, 2) SIZE(14, 2)
#elif VECTOR_TILE_SIZES == 6
#define TILE_SIZES(SIZE) SIZE(1, 1) SIZE(2, 1) SIZE(3, 1) SIZE(4, 1) SIZE(5, 1) SIZE(6, 1)
#else
#define TILE_SIZES(SIZE) SIZE(1, 1) SIZE(2, 1)
#endif
/* clang-format on */

_Static_assert(VECTOR_TILE_SIZES == ROWS * VECTORS, "TILE_SIZES are all sizes of tiles");

#define TILE_FUNCTIONS(rows, vectors)                                                              \
    static void tile_along_##rows##_##vectors(const struct tile_loop *loop,                        \
                                              const struct tile *tile)                             \
    {                                                                                              \
        tile_run_along(loop, tile, rows, vectors);                                                 \
    }                                                                                              \
    static void tile_across_##rows##_##vectors(const struct tile_loop *loop,                       \
                                               const struct tile *tile)                            \
    {                                                                                              \
        tile_run_across(loop, tile, rows, vectors);                                                \
    }                                                                                              \
    static void tile_sum_##rows##_##vectors(const struct tile_loop *loop, const struct tile *tile) \
    {                                                                                              \
        tile_run_sum(loop, tile, 1, (rows) < SUM_ROWS ? (rows) : SUM_ROWS, vectors);               \
    }                                                                                              \
    static void tile_tree_##rows##_##vectors(const struct tile_tree *tree,                         \
                                             const struct tile *tile)                              \
    {                                                                                              \
        tile_run_tree(tree, tile, rows, vectors);                                                  \
    }

#define TILE_ENTRIES(rows, vectors)                                                                \
    .run[TILE_ALONG_ROWS][(vectors)-1][(rows)-1] = tile_along_##rows##_##vectors,                  \
    .run[TILE_ACROSS_ROWS][(vectors)-1][(rows)-1] = tile_across_##rows##_##vectors,                \
    .run_sum[(vectors)-1][(rows)-1] = tile_sum_##rows##_##vectors,                                 \
    .run_tree[(vectors)-1][(rows)-1] = tile_tree_##rows##_##vectors,

TILE_SIZES(TILE_FUNCTIONS)

#ifdef __AVX512F__
static void tile_grouped_sum_1(const struct tile_loop *loop, const struct tile *tile)
{
    tile_run_sum(loop, tile, TILE_GROUPS, TILE_GROUP_ROWS, 1);
}

static void tile_grouped_sum_2(const struct tile_loop *loop, const struct tile *tile)
{
    tile_run_sum(loop, tile, TILE_GROUPS, TILE_GROUP_ROWS, 2);
}
#endif

const struct tile_kernels TILE_TABLE = {.max_rows = ROWS,
                                        .max_vectors = VECTORS,
                                        .max_sum_rows = SUM_ROWS,
#ifdef __AVX512F__
                                        .run_grouped_sum = {tile_grouped_sum_1, tile_grouped_sum_2},
#endif
                                        TILE_SIZES(TILE_ENTRIES)};
