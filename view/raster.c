#include "view/raster.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "view/font.h"

/* ---- making ---- */

static bool raster_allocate(struct raster *raster, size_t width, size_t height, struct error *error)
{
    *raster = (struct raster){0};
    if (width == 0 || height == 0 || width > RASTER_MAX_SIDE || height > RASTER_MAX_SIDE)
        return error_set(error, STATUS_DATA, ERROR_AT(.found = TEXT("%zux%zu", height, width)),
                         "a picture's sides are 1 to %d pixels", RASTER_MAX_SIDE);
    if (!memory_allocate_unset(&raster->pixels, width * height, RASTER_CHANNELS, error))
        return false;
    raster->width = width;
    raster->height = height;
    return true;
}

static void raster_set(struct raster *raster, size_t index, struct colour colour)
{
    uint8_t *at = raster->pixels + index * RASTER_CHANNELS;

    at[0] = colour.red;
    at[1] = colour.green;
    at[2] = colour.blue;
}

bool raster_create(struct raster *raster, size_t width, size_t height, struct colour colour,
                   struct error *error)
{
    if (!raster_allocate(raster, width, height, error))
        return false;
    raster_fill(raster, 0, 0, width, height, colour);
    return true;
}

bool raster_from_image(struct raster *raster, const struct image_shape *image,
                       const uint8_t *pixels, struct error *error)
{
    size_t count = image->height * image->width;

    if (!raster_allocate(raster, image->width, image->height, error))
        return false;
    if (image->channels == RASTER_CHANNELS)
        memcpy(raster->pixels, pixels, count * RASTER_CHANNELS);
    else
        for (size_t i = 0; i < count; i++)
            raster_set(raster, i, (struct colour){pixels[i], pixels[i], pixels[i]});
    return true;
}

bool raster_from_values(struct raster *raster, const float *values, size_t width, size_t height,
                        enum colour_map map, float low, float high, struct error *error)
{
    double range = (double)high - (double)low;

    if (!raster_allocate(raster, width, height, error))
        return false;
    for (size_t i = 0; i < width * height; i++)
        raster_set(raster, i,
                   colour_of(map, range > 0 ? ((double)values[i] - (double)low) / range
                                            : 0.5 + 0.0 * (double)values[i]));
    return true;
}

void raster_free(struct raster *raster)
{
    free(raster->pixels);
    *raster = (struct raster){0};
}

/* ---- drawing ---- */

void raster_fill(struct raster *raster, size_t left, size_t top, size_t width, size_t height,
                 struct colour colour)
{
    size_t right =
        left < raster->width && width < raster->width - left ? left + width : raster->width;
    size_t bottom =
        top < raster->height && height < raster->height - top ? top + height : raster->height;

    for (size_t y = top; y < bottom; y++)
        for (size_t x = left; x < right; x++)
            raster_set(raster, y * raster->width + x, colour);
}

void raster_put(struct raster *raster, size_t left, size_t top, const struct raster *picture,
                size_t factor)
{
    for (size_t y = 0; y < picture->height * factor && top + y < raster->height; y++)
        for (size_t x = 0; x < picture->width * factor && left + x < raster->width; x++)
            raster_set(raster, (top + y) * raster->width + left + x,
                       raster_get(picture, x / factor, y / factor));
}

/* ---- of another size ---- */

/*
 * The part of pixel index of count that lies in the area that pixel at of num_out stands for, in
 * units of 1 / num_out of a source's pixel: both are seen as stretches of count * num_out.
 */
static uint64_t raster_overlap(size_t index, size_t count, size_t at, size_t num_out)
{
    uint64_t begin = (uint64_t)index * num_out, end = begin + num_out;
    uint64_t area_begin = (uint64_t)at * count, area_end = area_begin + count;

    if (begin < area_begin)
        begin = area_begin;
    if (end > area_end)
        end = area_end;
    return end > begin ? end - begin : 0;
}

static struct colour raster_mean(const struct raster *source, size_t x_out, size_t y_out,
                                 size_t width, size_t height)
{
    uint64_t sums[RASTER_CHANNELS] = {0};
    uint64_t total = (uint64_t)source->width * source->height; /* the weights' sum */
    size_t y_begin = y_out * source->height / height, x_begin = x_out * source->width / width;

    for (size_t y = y_begin; y < source->height; y++) {
        uint64_t weight_y = raster_overlap(y, source->height, y_out, height);

        if (weight_y == 0)
            break;
        for (size_t x = x_begin; x < source->width; x++) {
            uint64_t weight = weight_y * raster_overlap(x, source->width, x_out, width);
            const uint8_t *at = source->pixels + (y * source->width + x) * RASTER_CHANNELS;

            if (weight == 0)
                break;
            for (size_t c = 0; c < RASTER_CHANNELS; c++)
                sums[c] += weight * at[c];
        }
    }
    return (struct colour){(uint8_t)((sums[0] + total / 2) / total),
                           (uint8_t)((sums[1] + total / 2) / total),
                           (uint8_t)((sums[2] + total / 2) / total)};
}

bool raster_resize(struct raster *result, const struct raster *source, size_t width, size_t height,
                   struct error *error)
{
    if (!raster_allocate(result, width, height, error))
        return false;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            raster_set(result, y * width + x, raster_mean(source, x, y, width, height));
    return true;
}

/* ---- text ---- */

size_t raster_text_width(const char *text, size_t factor)
{
    size_t num_letters = 0, nbytes;
    const uint8_t *glyph;

    for (; (nbytes = font_next(text, &glyph)) > 0; text += nbytes)
        num_letters++;
    return num_letters * FONT_ADVANCE * factor;
}

size_t raster_text_height(size_t factor)
{
    return FONT_HEIGHT * factor;
}

void raster_text(struct raster *raster, size_t left, size_t top, const char *text, size_t factor,
                 struct colour colour)
{
    const uint8_t *glyph;
    size_t nbytes;

    for (; (nbytes = font_next(text, &glyph)) > 0; text += nbytes) {
        for (size_t y = 0; y < FONT_HEIGHT; y++)
            for (size_t x = 0; x < FONT_WIDTH; x++)
                if (font_has_dot(glyph, x, y))
                    raster_fill(raster, left + x * factor, top + y * factor, factor, factor,
                                colour);
        left += FONT_ADVANCE * factor;
    }
}
