/*
 * conv.h by tiles; compiled once for each instruction set, with CONV_TABLE and TILE_TABLE the names
 * of the tables.
 *
 * A tile is neighbours in a row of a map by channels: the windows of neighbours lie a constant
 * distance apart, and a row of a window is one run of floats, so that tiles read maps as if they
 * were matrices.
 */
#include <string.h>

#include "model/kernels/conv.h"
#include "model/kernels/conv_phase.h"
#include "model/kernels/tile.h"
#include "model/kernels/vector.h"

extern const struct tile_kernels TILE_TABLE;
extern const struct conv_kernels CONV_TABLE;

enum { LANES = VECTOR_NUM_LANES };

static size_t conv_smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Floats from one row of a map to the next. */
static size_t conv_pitch(const struct conv_map *map)
{
    return (map->width + 2 * map->halo) * map->channels;
}

/* Where the window of output (0, 0) begins in an input map. */
static size_t conv_first_window(const struct conv_shape *shape)
{
    const size_t margin = shape->input.halo - shape->padding;

    return margin * conv_pitch(&shape->input) + margin * shape->input.channels;
}

/* ---- forward and the gradient of the input: rows of a map by channels ---- */

/* What to fetch while a sample is computed: the next one's maps, to be read and to be written. */
struct conv_fetch {
    const float *maps[2];
    size_t left[2];
};

/* Nothing if this sample is the last. */
static struct conv_fetch conv_fetch_of(bool is_next, const float *read, const struct conv_map *in,
                                       const float *written, const struct conv_map *out)
{
    return (struct conv_fetch){
        .maps = {read, written},
        .left = {is_next ? conv_map_size(in) : 0, is_next ? conv_map_size(out) : 0}};
}

static const float *conv_fetch_next(struct conv_fetch *fetch, size_t count)
{
    for (size_t i = 0; i < 2; i++)
        if (fetch->left[i] > 0) {
            const float *map = fetch->maps[i];

            count = conv_smaller(count, fetch->left[i]);
            fetch->maps[i] += count;
            fetch->left[i] -= count;
            return map;
        }
    return fetch->maps[1];
}

/* What one set of weights does to the rows of a map. */
struct conv_rows {
    const float *A;    /* the first row's first window, ... */
    float *C;          /* ... where its result goes, */
    const float *mask; /* ... and its mask, or NULL */
    size_t A_row_stride, C_row_stride, mask_row_stride;
    size_t num_rows, num_columns;
    size_t K, num_channels; /* of the packed weights */
    const float *packed, *bias;
};

/* One row of the map, the channels of one tile. */
static void conv_run_row(const struct conv_rows *rows, const struct tile_loop *loop, size_t y,
                         const struct tile *first, struct conv_fetch *fetch)
{
    tile_function *const *run = TILE_TABLE.run[TILE_ALONG_ROWS][(first->num_columns - 1) / LANES];
    struct tile tile = *first;

    tile.A += y * rows->A_row_stride;
    tile.C += y * rows->C_row_stride;
    if (tile.mask)
        tile.mask += y * rows->mask_row_stride;
    for (size_t x = 0; x < rows->num_columns;) {
        const size_t num_columns = tile_choose_rows(rows->num_columns - x, TILE_TABLE.max_rows);

        tile.fetched = conv_fetch_next(fetch, tile_fetched_floats(loop));
        run[num_columns - 1](loop, &tile);
        x += num_columns;
        tile.A += num_columns * loop->A_stride;
        tile.C += num_columns * loop->C_stride;
        if (tile.mask)
            tile.mask += num_columns * loop->mask_stride;
    }
}

static void conv_run_rows(const struct conv_rows *rows, struct tile_loop *loop,
                          struct conv_fetch *fetch)
{
    const size_t step = TILE_TABLE.max_vectors * LANES;

    for (size_t n = 0; n < rows->num_channels; n += step) {
        const size_t panel = n / GEMM_PANEL * GEMM_PANEL;
        const struct tile tile = {
            .A = rows->A,
            .B = rows->packed + panel * rows->K + n - panel,
            .start = rows->bias ? rows->bias + n : NULL,
            .mask = rows->mask ? rows->mask + n : NULL,
            .C = rows->C + n,
            .num_columns = conv_smaller(step, rows->num_channels - n),
        };

        loop->B_stride = rows->num_channels - panel > GEMM_LANES ? GEMM_PANEL : GEMM_LANES;
        loop->B_segment_stride = loop->segment_length * loop->B_stride;
        for (size_t y = 0; y < rows->num_rows; y++)
            conv_run_row(rows, loop, y, &tile, fetch);
    }
}

static void conv_forward(const struct conv_shape *shape, const float *input, size_t num_samples,
                         const float *packed, const float *bias, bool relu, float *output)
{
    const size_t pitch = conv_pitch(&shape->input), stride = shape->stride;
    struct tile_loop loop = {
        .num_segments = shape->kernel_height,
        .segment_length = shape->kernel_width * shape->input.channels,
        .A_stride = stride * shape->input.channels,
        .A_segment_stride = pitch,
        .C_stride = shape->output.channels,
        .relu = relu,
    };
    struct conv_rows rows = {
        .A = input + conv_first_window(shape),
        .C = output + conv_map_at(&shape->output, 0, 0),
        .A_row_stride = stride * pitch,
        .C_row_stride = conv_pitch(&shape->output),
        .num_rows = shape->output.height,
        .num_columns = shape->output.width,
        .K = shape->kernel_height * loop.segment_length,
        .num_channels = shape->output.channels,
        .packed = packed,
        .bias = bias,
    };

    for (size_t b = 0; b < num_samples; b++) {
        struct conv_fetch fetch = conv_fetch_of(
            b + 1 < num_samples, input + (b + 1) * conv_map_size(&shape->input), &shape->input,
            output + (b + 1) * conv_map_size(&shape->output), &shape->output);

        conv_run_rows(&rows, &loop, &fetch);
        rows.A += conv_map_size(&shape->input);
        rows.C += conv_map_size(&shape->output);
    }
}

/* Rows (or columns) of the input that are of a phase: the first of them, and how many. */
static size_t conv_phase_begin(const struct conv_shape *shape, size_t remainder)
{
    return (remainder + shape->stride - shape->padding % shape->stride) % shape->stride;
}

static size_t conv_phase_count(const struct conv_shape *shape, size_t size, size_t begin)
{
    return begin < size ? (size - begin - 1) / shape->stride + 1 : 0;
}

/* The inputs of one pair of phases of one sample. */
static void conv_input_gradient_phase(const struct conv_shape *shape, const float *grad_output,
                                      const float *packed, const float *mask, float *grad_input,
                                      size_t y_remainder, size_t x_remainder,
                                      struct conv_fetch *fetch)
{
    const struct conv_phase taps_y =
        conv_phase_of(shape->kernel_height, shape->stride, y_remainder);
    const struct conv_phase taps_x = conv_phase_of(shape->kernel_width, shape->stride, x_remainder);
    const size_t y = conv_phase_begin(shape, y_remainder), x = conv_phase_begin(shape, x_remainder);
    const size_t channels = shape->input.channels, pitch = conv_pitch(&shape->grad_output);
    struct tile_loop loop = {
        .num_segments = taps_x.num_taps > 0 ? taps_y.num_taps : 0,
        .segment_length = taps_x.num_taps * shape->output.channels,
        .A_stride = shape->output.channels,
        .A_segment_stride = pitch,
        .C_stride = shape->stride * channels,
        .mask_stride = shape->stride * channels,
    };
    const struct conv_rows rows = {
        .A = grad_output + (loop.num_segments > 0
                                ? conv_phase_first(&taps_y, shape, y) * pitch +
                                      conv_phase_first(&taps_x, shape, x) * shape->output.channels
                                : 0),
        .C = grad_input + conv_map_at(&shape->grad_input, y, x),
        .mask = mask ? mask + conv_map_at(&shape->input, y, x) : NULL,
        .A_row_stride = pitch,
        .C_row_stride = shape->stride * conv_pitch(&shape->grad_input),
        .mask_row_stride = shape->stride * conv_pitch(&shape->input),
        .num_rows = conv_phase_count(shape, shape->input.height, y),
        .num_columns = conv_phase_count(shape, shape->input.width, x),
        .K = loop.num_segments * loop.segment_length,
        .num_channels = channels,
        .packed = packed + conv_phase_offset(shape, &taps_y, &taps_x),
    };

    conv_run_rows(&rows, &loop, fetch);
}

static void conv_input_gradient(const struct conv_shape *shape, const float *grad_output,
                                size_t num_samples, const float *packed, const float *mask,
                                float *grad_input)
{
    const size_t output_size = conv_map_size(&shape->grad_output);
    const size_t input_size = conv_map_size(&shape->grad_input);

    for (size_t b = 0; b < num_samples; b++) {
        struct conv_fetch fetch =
            conv_fetch_of(b + 1 < num_samples, grad_output + output_size, &shape->grad_output,
                          grad_input + input_size, &shape->grad_input);

        for (size_t y = 0; y < shape->stride; y++)
            for (size_t x = 0; x < shape->stride; x++)
                conv_input_gradient_phase(shape, grad_output, packed, mask, grad_input, y, x,
                                          &fetch);
        grad_output += output_size;
        grad_input += input_size;
        if (mask)
            mask += conv_map_size(&shape->input);
    }
}

/* ---- the gradient of the weights: taps by channels of the output ---- */

/* All taps of some samples, by the channels of one tile. */
struct conv_taps {
    struct tile_loop loop;
    struct tile tile; /* of the first tap */
    size_t kernel_height, run, pitch, C_stride;
    bool goes_on; /* from what the sums are */
    bool adds_up; /* sums of the gradient too */
};

/* One ky from tap i on. */
static void conv_run_taps(const struct conv_taps *taps, size_t ky, size_t i)
{
    const size_t v = (taps->tile.num_columns - 1) / LANES;

    while (i < taps->run) {
        const bool adds_up = taps->adds_up && ky == 0 && i == 0;
        const size_t num_rows = tile_choose_rows(taps->run - i, adds_up ? TILE_TABLE.max_sum_rows
                                                                        : TILE_TABLE.max_rows);
        struct tile tile = taps->tile;

        tile.fetched = tile.A;
        tile.A += ky * taps->pitch + i;
        tile.C += (ky * taps->run + i) * taps->C_stride;
        if (taps->goes_on) {
            tile.start = tile.C;
            tile.start_stride = taps->C_stride;
        }
        if (adds_up)
            TILE_TABLE.run_sum[v][num_rows - 1](&taps->loop, &tile);
        else
            TILE_TABLE.run[TILE_ACROSS_ROWS][v][num_rows - 1](&taps->loop, &tile);
        i += num_rows;
    }
}

/* All taps; where all of a kernel are few (one channel), they are one tile. */
static void conv_run_all_taps(const struct conv_taps *taps)
{
    const size_t v = (taps->tile.num_columns - 1) / LANES;

    if (taps->adds_up && taps->kernel_height == TILE_GROUPS && taps->run == TILE_GROUP_ROWS &&
        TILE_TABLE.run_grouped_sum[v]) {
        struct tile tile = taps->tile;

        if (taps->goes_on) {
            tile.start = tile.C;
            tile.start_stride = taps->C_stride;
        }
        TILE_TABLE.run_grouped_sum[v](&taps->loop, &tile);
        return;
    }
    for (size_t ky = 0; ky < taps->kernel_height; ky++)
        conv_run_taps(taps, ky, 0);
}

/* The last channels where they do not fill a vector: tiles load whole vectors, so that rows of the
 * gradient are copied to where more can be loaded, a few positions at a time. */
static void conv_run_copied_taps(const struct conv_taps *taps)
{
    enum { MOST_POSITIONS = 32 };
    const struct tile_loop *loop = &taps->loop;
    float copy[MOST_POSITIONS * GEMM_PANEL];
    struct conv_taps part = *taps;

    part.loop.num_samples = part.loop.num_segments = 1;
    part.loop.B_stride = GEMM_PANEL;
    part.tile.B = copy;
    memset(copy, 0, sizeof(copy));
    for (size_t i = 0; i < loop->num_samples * loop->num_segments; i++) {
        const size_t sample = i / loop->num_segments, y = i % loop->num_segments;
        const float *A = taps->tile.A + sample * loop->A_sample_stride + y * loop->A_segment_stride;
        const float *B = taps->tile.B + sample * loop->B_sample_stride + y * loop->B_segment_stride;

        for (size_t x = 0; x < loop->segment_length; x += MOST_POSITIONS) {
            part.loop.segment_length = conv_smaller(MOST_POSITIONS, loop->segment_length - x);
            for (size_t j = 0; j < part.loop.segment_length; j++)
                memcpy(copy + j * GEMM_PANEL, B + (x + j) * loop->B_stride,
                       taps->tile.num_columns * sizeof(*copy));
            part.tile.A = A + x * loop->A_stride;
            conv_run_all_taps(&part);
            part.goes_on = true;
        }
    }
}

/* Samples that are near: the sums of a tile stay in registers over all of them. */
static void conv_weight_gradient_samples(const struct conv_shape *shape, const float *input,
                                         const float *grad_output, size_t num_samples, bool goes_on,
                                         float *grad_weight, float *grad_bias)
{
    const size_t step = TILE_TABLE.max_vectors * LANES, channels = shape->output.channels;
    struct conv_taps taps = {
        .loop = {.num_samples = num_samples,
                 .A_sample_stride = conv_map_size(&shape->input),
                 .B_sample_stride = conv_map_size(&shape->grad_output),
                 .num_segments = shape->output.height,
                 .segment_length = shape->output.width,
                 .A_stride = shape->stride * shape->input.channels,
                 .A_segment_stride = shape->stride * conv_pitch(&shape->input),
                 .A_group_stride = conv_pitch(&shape->input),
                 .B_stride = channels,
                 .B_segment_stride = conv_pitch(&shape->grad_output),
                 .C_stride = channels},
        .kernel_height = shape->kernel_height,
        .run = shape->kernel_width * shape->input.channels,
        .pitch = conv_pitch(&shape->input),
        .C_stride = channels,
        .goes_on = goes_on,
        .adds_up = grad_bias != NULL,
    };

    for (size_t n = 0; n < channels; n += step) {
        taps.tile = (struct tile){
            .A = input + conv_first_window(shape),
            .B = grad_output + conv_map_at(&shape->grad_output, 0, 0) + n,
            .C = grad_weight + n,
            .sums = grad_bias ? grad_bias + n : NULL,
            .num_columns = conv_smaller(step, channels - n),
        };
        if (taps.tile.num_columns % LANES == 0)
            conv_run_all_taps(&taps);
        else
            conv_run_copied_taps(&taps);
    }
}

static void conv_weight_gradient(const struct conv_shape *shape, const float *input,
                                 const float *grad_output, size_t num_samples, bool accumulate,
                                 float *grad_weight, float *grad_bias)
{
    enum { NEAR_FLOATS = 1 << 17 }; /* what a second-level cache holds beside the gradient */
    const size_t input_size = conv_map_size(&shape->input);
    const size_t output_size = conv_map_size(&shape->grad_output);
    const size_t most_near = NEAR_FLOATS / (input_size + output_size);
    const size_t num_near = most_near > 0 ? most_near : 1;

    if (!accumulate && grad_bias)
        memset(grad_bias, 0, shape->output.channels * sizeof(*grad_bias));
    if (!accumulate && num_samples == 0)
        memset(grad_weight, 0, conv_gradient_size(shape) * sizeof(*grad_weight));
    for (size_t b = 0; b < num_samples; b += num_near)
        conv_weight_gradient_samples(shape, input + b * input_size, grad_output + b * output_size,
                                     conv_smaller(num_near, num_samples - b), accumulate || b > 0,
                                     grad_weight, grad_bias);
}

const struct conv_kernels CONV_TABLE = {
    .forward = conv_forward,
    .input_gradient = conv_input_gradient,
    .weight_gradient = conv_weight_gradient,
};
