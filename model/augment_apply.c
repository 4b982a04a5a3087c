/*
 * Augmentation of pixels.  Numbers are whole: in fixed point, with as many bits behind the point as
 * each name or comment says, products in 64 bits.  The only doubles are settings, which are rounded
 * to fixed point first, and a sine and a cosine.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "common/random.h"
#include "model/augment.h"
#include "model/kernels/math_functions.h"

/* ---- draws ---- */

/* What each of a sample's first random numbers is for, whether it is asked for or not; the grid's
 * come after them. */
enum augment_draw {
    DRAW_ROTATE,
    DRAW_SCALE,
    DRAW_SHEAR,
    DRAW_SHIFT_X,
    DRAW_SHIFT_Y,
    DRAW_CROP_X,
    DRAW_CROP_Y,
    DRAW_FLIP,
    DRAW_BRIGHTNESS,
    DRAW_CONTRAST,
    DRAW_ERASE,
    DRAW_ERASE_HEIGHT,
    DRAW_ERASE_WIDTH,
    DRAW_ERASE_Y,
    DRAW_ERASE_X,
    DRAW_UNUSED,
    NUM_DRAWS,
};

/* value / 2^bits, rounded. */
static inline int64_t augment_round(int64_t value, int bits)
{
    return (value + ((int64_t)1 << (bits - 1))) >> bits;
}

/* A setting, 0 or more, with bits bits behind the point. */
static inline int64_t augment_to_fixed(double setting, int bits)
{
    return (int64_t)(setting * (double)((int64_t)1 << bits) + 0.5);
}

/* Uniform on 0 .. bound - 1; some come more often than others by at most bound / 2^32. */
static inline int64_t augment_below(uint32_t number, uint64_t bound)
{
    return (int64_t)(number * bound >> 32);
}

/* Uniform on -magnitude .. magnitude; magnitude < 2^31. */
static inline int64_t augment_symmetric(uint32_t number, int64_t magnitude)
{
    return augment_below(number, (uint64_t)(2 * magnitude + 1)) - magnitude;
}

/* ---- where pixels come from ---- */

/* Positions in the input, in pixels with 31 bits behind the point: that of output pixel (x, y) is
 * first + x by_x + y by_y. */
struct augment_axis {
    int64_t first, by_x, by_y;
};

/*
 * The output is the input flipped, then turned, sheared and scaled about the middle, then moved.
 * Backwards that is: with (X, Y) from the middle of the output, move undone,
 *     (X, Y) -> (cos X - sin Y, sin X + cos Y) -> (X - shear Y, Y) -> both / scale.
 */
struct augment_transform {
    struct augment_axis x, y;
    bool is_whole; /* pixels move by whole pixels, and are not turned, sheared, scaled or bent */
};

static int64_t augment_fraction(double value) /* 30 bits */
{
    const double scaled = value * 0x1p30;

    return (int64_t)(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
}

static struct augment_transform augment_draw_transform(const struct augment *augment,
                                                       const struct image_shape *image,
                                                       const uint32_t draws[NUM_DRAWS])
{
    static const double DEGREE = 0x1.1df46a2529d39p-6; /* pi / 180 */
    const int64_t angle =
        augment_symmetric(draws[DRAW_ROTATE], augment_to_fixed(augment->rotate, 16));
    const int64_t scale =
        65536 + augment_symmetric(draws[DRAW_SCALE], augment_to_fixed(augment->scale, 16));
    const int64_t shear =
        augment_symmetric(draws[DRAW_SHEAR], augment_to_fixed(augment->shear, 16));
    const int64_t shift = augment_to_fixed(augment->shift, 16), crop = (int64_t)augment->crop;
    const int64_t move_x = augment_symmetric(draws[DRAW_SHIFT_X], shift) +
                           augment_symmetric(draws[DRAW_CROP_X], crop) * 65536;
    const int64_t move_y = augment_symmetric(draws[DRAW_SHIFT_Y], shift) +
                           augment_symmetric(draws[DRAW_CROP_Y], crop) * 65536;
    const int64_t sine = augment_fraction(math_sin((double)angle * 0x1p-16 * DEGREE));
    const int64_t cosine = augment_fraction(math_cos((double)angle * 0x1p-16 * DEGREE));
    const int64_t inverse = (((int64_t)1 << 32) + scale / 2) / scale; /* 16 bits */
    /* 30 bits: input pixels for one of output.  Half pixels count in what follows: they make it 31.
     */
    const int64_t xx = augment_round((cosine - augment_round(shear * sine, 16)) * inverse, 16);
    const int64_t xy = augment_round((-sine - augment_round(shear * cosine, 16)) * inverse, 16);
    const int64_t yx = augment_round(sine * inverse, 16);
    const int64_t yy = augment_round(cosine * inverse, 16);
    const int64_t width = (int64_t)image->width - 1, height = (int64_t)image->height - 1;
    struct augment_transform transform = {
        .x = {width * ((int64_t)1 << 30) - xx * width - xy * height -
                  augment_round(xx * move_x + xy * move_y, 15),
              2 * xx, 2 * xy},
        .y = {height * ((int64_t)1 << 30) - yx * width - yy * height -
                  augment_round(yx * move_x + yy * move_y, 15),
              2 * yx, 2 * yy},
        .is_whole = angle == 0 && scale == 65536 && shear == 0 && move_x % 65536 == 0 &&
                    move_y % 65536 == 0 && augment->elastic == 0.0,
    };

    if (augment->flip && draws[DRAW_FLIP] >> 31)
        transform.x = (struct augment_axis){width * ((int64_t)1 << 31) - transform.x.first,
                                            -transform.x.by_x, -transform.x.by_y};
    return transform;
}

/* A whole position along an axis of size pixels, brought into the image; -1 for a zero. */
static inline int64_t augment_place_whole(int64_t position, int64_t size, enum augment_fill fill)
{
    if (fill == AUGMENT_FILL_ZERO)
        return position < 0 || position >= size ? -1 : position;
    if (fill == AUGMENT_FILL_REFLECT) {
        position = position < 0 ? -position : position;
        position = position >= size ? 2 * (size - 1) - position : position;
    }
    return position < 0 ? 0 : position >= size ? size - 1 : position;
}

/*
 * The same with 8 bits behind the point; where the fill is zero, positions end a pixel outside,
 * where padding is.  The mirror holds for an image's size beyond its border, the edge for what is
 * still further away.
 */
static inline int32_t augment_place(int32_t position, int32_t last, enum augment_fill fill)
{
    const int32_t margin = fill == AUGMENT_FILL_ZERO ? 256 : 0;

    if (fill == AUGMENT_FILL_REFLECT) {
        position = position < 0 ? -position : position;
        position = position > last ? 2 * last - position : position;
    }
    position = position < -margin ? -margin : position;
    return position > last + margin ? last + margin : position;
}

/* ---- scratch ---- */

/* What an image needs of scratch memory; the parts lie in it in this order. */
struct augment_memory {
    int32_t *across, *down; /* [width]: a line's positions */
    /* elastic: a spline through columns of a line, [width] each */
    int32_t *cells, *weights[4];
    int32_t *line; /* [2][grid_width]: the grid at a line */
    int32_t *grid; /* [grid_height][2][grid_width] */
    size_t grid_height, grid_width;
    uint8_t *padded; /* [height + 3][width + 3][channels] */
    size_t nbytes;
};

enum { PADDING = 3 }; /* a line above, two below; columns likewise */

static int32_t *augment_take(struct augment_memory *memory, void *scratch, size_t count)
{
    const size_t offset = memory->nbytes;

    memory->nbytes += count * sizeof(int32_t);
    return scratch ? (int32_t *)((char *)scratch + offset) : NULL;
}

/* Points of the grid along size pixels: one before each cell, two after the last. */
static size_t augment_grid_size(size_t size, int64_t spacing)
{
    return (size_t)((int64_t)(size - 1) * 65536 / spacing) + 4;
}

/* scratch NULL: sizes only. */
static struct augment_memory augment_divide_memory(const struct augment *augment,
                                                   const struct image_shape *image, void *scratch)
{
    const int64_t spacing = augment_to_fixed(augment->elastic_spacing, 16);
    struct augment_memory memory = {0};

    memory.across = augment_take(&memory, scratch, image->width);
    memory.down = augment_take(&memory, scratch, image->width);
    if (augment->elastic > 0.0) {
        memory.grid_height = augment_grid_size(image->height, spacing);
        memory.grid_width = augment_grid_size(image->width, spacing);
        memory.cells = augment_take(&memory, scratch, image->width);
        for (int i = 0; i < 4; i++)
            memory.weights[i] = augment_take(&memory, scratch, image->width);
        memory.line = augment_take(&memory, scratch, 2 * memory.grid_width);
        memory.grid = augment_take(&memory, scratch, 2 * memory.grid_height * memory.grid_width);
    }
    if (scratch)
        memory.padded = (uint8_t *)scratch + memory.nbytes;
    memory.nbytes += (image->height + PADDING) * (image->width + PADDING) * image->channels;
    return memory;
}

size_t augment_scratch_nbytes(const struct augment *augment, const struct image_shape *image)
{
    return augment_divide_memory(augment, image, NULL).nbytes;
}

/* ---- elastic ---- */

enum { ELASTIC_BITS = 12 }; /* behind the point, of displacements and of a spline's weights */

/* The uniform cubic B-spline's weights of the four points around a position in a cell; their sum is
 * 2^12. */
static void augment_spline_weights(int64_t position, int32_t weights[4]) /* 16 bits */
{
    const int64_t one = 1 << 10, f = (position & 65535) >> 6, g = one - f;
    const int64_t sixth = 6 << 18; /* of 2^30, to 12 bits */

    weights[0] = (int32_t)((g * g * g + sixth / 2) / sixth);
    weights[3] = (int32_t)((f * f * f + sixth / 2) / sixth);
    weights[1] =
        (int32_t)((3 * f * f * f - 6 * f * f * one + 4 * one * one * one + sixth / 2) / sixth);
    weights[2] = (1 << ELASTIC_BITS) - weights[0] - weights[1] - weights[3];
}

/* Draws the grid and prepares the columns. */
static void augment_begin_elastic(const struct augment *augment, const struct image_shape *image,
                                  struct random_stream *stream, const struct augment_memory *memory)
{
    const int64_t spacing = augment_to_fixed(augment->elastic_spacing, 16);
    const int64_t magnitude = augment_to_fixed(augment->elastic, ELASTIC_BITS);
    const size_t num_values = 2 * memory->grid_height * memory->grid_width;

    for (size_t i = 0; i < num_values; i++)
        memory->grid[i] = (int32_t)augment_symmetric(random_next(stream), magnitude);
    for (size_t x = 0; x < image->width; x++) {
        const int64_t position = ((int64_t)x << 32) / spacing;
        int32_t weights[4];

        augment_spline_weights(position, weights);
        memory->cells[x] = (int32_t)(position >> 16);
        for (int i = 0; i < 4; i++)
            memory->weights[i][x] = weights[i];
    }
}

/* The displacement of column x, with 8 bits, from the four points around it. */
static inline int32_t augment_spline(const struct augment_memory *memory, size_t x,
                                     const int32_t points[4])
{
    const int32_t sum = memory->weights[0][x] * points[0] + memory->weights[1][x] * points[1] +
                        memory->weights[2][x] * points[2] + memory->weights[3][x] * points[3];

    return (sum + (1 << (2 * ELASTIC_BITS - 9))) >> (2 * ELASTIC_BITS - 8);
}

/* Adds the displacements of line y to its positions, which have 8 bits. */
static void augment_bend_line(const struct augment *augment, const struct image_shape *image,
                              const struct augment_memory *memory, size_t y)
{
    const int64_t spacing = augment_to_fixed(augment->elastic_spacing, 16);
    const int64_t position = ((int64_t)y << 32) / spacing;
    const size_t stride = 2 * memory->grid_width;
    const int32_t *grid = memory->grid + (size_t)(position >> 16) * stride;
    const int32_t *line_x = memory->line, *line_y = memory->line + memory->grid_width;
    int32_t weights[4];

    augment_spline_weights(position, weights);
    for (size_t i = 0; i < stride; i++)
        memory->line[i] = (weights[0] * grid[i] + weights[1] * grid[i + stride] +
                           weights[2] * grid[i + 2 * stride] + weights[3] * grid[i + 3 * stride] +
                           (1 << (ELASTIC_BITS - 1))) >>
                          ELASTIC_BITS;
    for (size_t begin = 0, end; begin < image->width; begin = end) {
        const int32_t *points_x = line_x + memory->cells[begin];
        const int32_t *points_y = line_y + memory->cells[begin];

        for (end = begin; end < image->width && memory->cells[end] == memory->cells[begin];)
            end++;
        for (size_t x = begin; x < end; x++) {
            memory->across[x] += augment_spline(memory, x, points_x);
            memory->down[x] += augment_spline(memory, x, points_y);
        }
    }
}

/* ---- resampling ---- */

/* The image with a border, which is zero, and only read where that is the fill or does not count.
 */
static void augment_pad(const struct image_shape *image, const uint8_t *in, uint8_t *padded)
{
    const size_t row = image->width * image->channels;
    const size_t padded_row = (image->width + PADDING) * image->channels;

    memset(padded, 0, padded_row + image->channels);
    padded += padded_row + image->channels;
    for (size_t y = 0; y < image->height; y++, padded += padded_row) {
        memcpy(padded, in + y * row, row);
        memset(padded + row, 0, PADDING * image->channels);
    }
    memset(padded, 0, 2 * padded_row - image->channels);
}

/* The weighted mean of four pixels; fx and fy have 8 bits. */
static inline uint8_t augment_blend(const uint8_t *above, size_t stride, size_t channels,
                                    uint32_t fx, uint32_t fy)
{
    const uint8_t *below = above + stride;
    const uint32_t top = above[0] * (256 - fx) + above[channels] * fx;
    const uint32_t bottom = below[0] * (256 - fx) + below[channels] * fx;

    return (uint8_t)((top * (256 - fy) + bottom * fy + 32768) >> 16);
}

/* A line of pixels at the positions of memory; channels and fill are constants where it is called.
 */
static inline void augment_sample_line(const struct image_shape *image,
                                       const struct augment_memory *memory, size_t channels,
                                       enum augment_fill fill, uint8_t *out)
{
    const int32_t last_x = (int32_t)(image->width - 1) * 256;
    const int32_t last_y = (int32_t)(image->height - 1) * 256;
    const size_t stride = (image->width + PADDING) * channels;
    const uint8_t *origin = memory->padded + stride + channels;

    for (size_t x = 0; x < image->width; x++) {
        const int32_t across = augment_place(memory->across[x], last_x, fill);
        const int32_t down = augment_place(memory->down[x], last_y, fill);
        const uint8_t *above = origin + (ptrdiff_t)(down >> 8) * (ptrdiff_t)stride +
                               (ptrdiff_t)(across >> 8) * (ptrdiff_t)channels;

        for (size_t c = 0; c < channels; c++)
            *out++ = augment_blend(above + c, stride, channels, (uint32_t)across & 255,
                                   (uint32_t)down & 255);
    }
}

static void augment_sample_line_any(const struct image_shape *image,
                                    const struct augment_memory *memory, enum augment_fill fill,
                                    uint8_t *out)
{
    const bool is_gray = image->channels == 1;

    if (fill == AUGMENT_FILL_ZERO && is_gray)
        augment_sample_line(image, memory, 1, AUGMENT_FILL_ZERO, out);
    else if (fill == AUGMENT_FILL_ZERO)
        augment_sample_line(image, memory, 3, AUGMENT_FILL_ZERO, out);
    else if (fill == AUGMENT_FILL_EDGE && is_gray)
        augment_sample_line(image, memory, 1, AUGMENT_FILL_EDGE, out);
    else if (fill == AUGMENT_FILL_EDGE)
        augment_sample_line(image, memory, 3, AUGMENT_FILL_EDGE, out);
    else if (is_gray)
        augment_sample_line(image, memory, 1, AUGMENT_FILL_REFLECT, out);
    else
        augment_sample_line(image, memory, 3, AUGMENT_FILL_REFLECT, out);
}

static void augment_resample(const struct augment *augment, const struct image_shape *image,
                             const struct augment_transform *transform,
                             struct random_stream *stream, const struct augment_memory *memory,
                             const uint8_t *in, uint8_t *out)
{
    const struct augment_axis *across = &transform->x, *down = &transform->y;

    augment_pad(image, in, memory->padded);
    if (augment->elastic > 0.0)
        augment_begin_elastic(augment, image, stream, memory);
    for (size_t y = 0; y < image->height; y++) {
        const int64_t begin_x = across->first + (int64_t)y * across->by_y;
        const int64_t begin_y = down->first + (int64_t)y * down->by_y;

        for (size_t x = 0; x < image->width; x++) {
            memory->across[x] = (int32_t)augment_round(begin_x + (int64_t)x * across->by_x, 23);
            memory->down[x] = (int32_t)augment_round(begin_y + (int64_t)x * down->by_x, 23);
        }
        if (augment->elastic > 0.0)
            augment_bend_line(augment, image, memory, y);
        augment_sample_line_any(image, memory, augment->fill,
                                out + y * image->width * image->channels);
    }
}

/* A line from the columns of memory, -1 for a zero; channels is a constant where it is called. */
static inline void augment_copy_line(const struct image_shape *image,
                                     const struct augment_memory *memory, size_t channels,
                                     const uint8_t *line, uint8_t *out)
{
    for (size_t x = 0; x < image->width; x++) {
        const int32_t column = memory->across[x];

        for (size_t c = 0; c < channels; c++)
            *out++ = column < 0 ? 0 : line[(size_t)column * channels + c];
    }
}

/* What augment_resample does where is_whole, without arithmetic on pixels. */
static void augment_move(const struct image_shape *image, enum augment_fill fill,
                         const struct augment_transform *transform,
                         const struct augment_memory *memory, const uint8_t *in, uint8_t *out)
{
    const size_t row = image->width * image->channels;
    const int64_t width = (int64_t)image->width, height = (int64_t)image->height;

    for (int64_t x = 0; x < width; x++)
        memory->across[x] = (int32_t)augment_place_whole(
            (transform->x.first + x * transform->x.by_x) >> 31, width, fill);
    for (int64_t y = 0; y < height; y++, out += row) {
        const int64_t source =
            augment_place_whole((transform->y.first + y * transform->y.by_y) >> 31, height, fill);

        if (source < 0)
            memset(out, 0, row);
        else if (image->channels == 1)
            augment_copy_line(image, memory, 1, in + (size_t)source * row, out);
        else
            augment_copy_line(image, memory, 3, in + (size_t)source * row, out);
    }
}

/* ---- pixel values ---- */

/* The mean of count values of a sum, with 16 bits. */
static int64_t augment_mean(uint64_t sum, size_t count)
{
    return (int64_t)(((sum << 16) + count / 2) / count);
}

/* brightness (contrast (value - mean) + mean), for the mean of all values. */
static void augment_color(const struct augment *augment, const struct image_shape *image,
                          const uint32_t draws[NUM_DRAWS], uint8_t *out)
{
    const size_t count = image_num_values(image);
    const int64_t brightness = 65536 + augment_symmetric(draws[DRAW_BRIGHTNESS],
                                                         augment_to_fixed(augment->brightness, 16));
    const int64_t contrast =
        65536 + augment_symmetric(draws[DRAW_CONTRAST], augment_to_fixed(augment->contrast, 16));
    uint64_t sum = 0;
    int64_t mean, gain, offset;
    uint8_t table[256];

    for (size_t i = 0; i < count; i++)
        sum += out[i];
    mean = augment_mean(sum, count);
    gain = augment_round(brightness * contrast, 16);
    offset = augment_round(brightness * augment_round((65536 - contrast) * mean, 16), 16);
    for (int32_t i = 0; i < 256; i++) {
        const int32_t value = (int32_t)augment_round(gain * i + offset, 16);

        table[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    for (size_t i = 0; i < count; i++)
        out[i] = table[out[i]];
}

/* Uniform from an eighth of size, rounded up, to half of it, rounded down. */
static size_t augment_draw_side(uint32_t number, size_t size)
{
    const size_t least = (size + 7) / 8, most = size / 2 > least ? size / 2 : least;

    return least + (size_t)augment_below(number, most - least + 1);
}

static void augment_erase(const struct augment *augment, const struct image_shape *image,
                          const uint32_t draws[NUM_DRAWS], uint8_t *out)
{
    const size_t channels = image->channels, num_pixels = image->height * image->width;
    const size_t height = augment_draw_side(draws[DRAW_ERASE_HEIGHT], image->height);
    const size_t width = augment_draw_side(draws[DRAW_ERASE_WIDTH], image->width);
    const size_t top = (size_t)augment_below(draws[DRAW_ERASE_Y], image->height - height + 1);
    const size_t left = (size_t)augment_below(draws[DRAW_ERASE_X], image->width - width + 1);
    uint64_t sums[3] = {0};

    if ((int64_t)draws[DRAW_ERASE] >= augment_to_fixed(augment->erase, 32))
        return;
    for (size_t i = 0; i < num_pixels; i++)
        for (size_t c = 0; c < channels; c++)
            sums[c] += out[i * channels + c];
    for (size_t c = 0; c < channels; c++) {
        const uint8_t mean = (uint8_t)augment_round(augment_mean(sums[c], num_pixels), 16);

        for (size_t y = top; y < top + height; y++)
            for (size_t x = left; x < left + width; x++)
                out[(y * image->width + x) * channels + c] = mean;
    }
}

void augment_apply(const struct augment *augment, uint64_t seed, uint64_t epoch, uint64_t sample,
                   const struct image_shape *image, const uint8_t *in, uint8_t *out, void *scratch)
{
    const struct augment_memory memory = augment_divide_memory(augment, image, scratch);
    struct random_stream stream =
        random_stream_begin(seed, RANDOM_AUGMENT, (epoch & 0xffffff) << 32 | (sample & UINT32_MAX));
    struct augment_transform transform;
    uint32_t draws[NUM_DRAWS];

    assert(image->channels == 1 || image->channels == 3);
    for (int i = 0; i < NUM_DRAWS; i++)
        draws[i] = random_next(&stream);
    transform = augment_draw_transform(augment, image, draws);
    if (transform.is_whole)
        augment_move(image, augment->fill, &transform, &memory, in, out);
    else
        augment_resample(augment, image, &transform, &stream, &memory, in, out);
    if (augment->brightness > 0.0 || augment->contrast > 0.0)
        augment_color(augment, image, draws, out);
    if (augment->erase > 0.0)
        augment_erase(augment, image, draws, out);
}
