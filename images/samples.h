/*
 * From the samples of a file to those of a row: 8 or 16 bits, with or without alpha, gray or RGB,
 * to uint8 gray or RGB, in whole numbers, so that every machine gives the same pixels.
 *   - A sample v of 16 bits becomes (v * 255 + 32895) >> 16, which is v * 255 / 65535 to the
 *     nearest; or, by a range, (v - low) * 255 / (high - low), 0 below and 255 above it.
 *   - With a background B, a pixel of opacity a, of A at most, becomes (a * v + (A - a) * B) / A,
 *     where v is what the sample became before it was rounded: there is one rounding, half up.
 *     Gray pixels on a background that is a color become RGB, or, where the row is gray, are taken
 *     on the gray of the background.
 *   - RGB becomes gray, and gray RGB, by image_convert_row, after all this.
 * For decoders.
 */
#ifndef QUERN_IMAGES_SAMPLES_H
#define QUERN_IMAGES_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image_info;

/* How the user wants them made; {0}: alpha is left out, 16 bits are narrowed. */
struct samples_rule {
    bool has_background;
    uint8_t background[3];
    bool has_range; /* of samples of 16 bits; others are as they are */
    uint16_t low, high;
};

/* How a decoder has them: [width][channels, and alpha after them], of 16 bits as PNG has them, the
 * high byte first. */
struct samples_layout {
    unsigned channels; /* 1 or 3 */
    bool has_alpha;
    bool is_deep; /* 16 bits */
};

static inline size_t samples_pixel_nbytes(const struct samples_layout *layout)
{
    return (layout->channels + layout->has_alpha) * (layout->is_deep ? 2u : 1u);
}

/* Is what the file holds what a row of so many channels has? */
static inline bool samples_are_final(const struct samples_layout *layout, unsigned channels)
{
    return layout->channels == channels && !layout->has_alpha && !layout->is_deep;
}

/* Converts width pixels to a row of 1 or 3 channels, and adds to info what they are like. */
void samples_convert_row(const struct samples_rule *rule, const struct samples_layout *layout,
                         const uint8_t *row, size_t width, uint8_t *out, unsigned channels,
                         struct image_info *info);

/* The background of a row of so many channels: of gray the first counts. */
void samples_background(const struct samples_rule *rule, unsigned channels, uint8_t background[3]);

/* The value that a sample of 16 bits becomes. */
uint8_t samples_narrow(const struct samples_rule *rule, uint16_t sample);

#endif
