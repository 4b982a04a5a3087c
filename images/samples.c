#include "images/samples.h"

#include "images/decoder.h"

/* A sample of one kind of file: what it becomes is (sample - low) * 255 / (high - low). */
struct samples_scale {
    uint32_t low, high;
    uint32_t opaque; /* the alpha of a pixel that hides the background */
};

static struct samples_scale samples_choose_scale(const struct samples_rule *rule, bool is_deep)
{
    uint32_t most = is_deep ? UINT16_MAX : UINT8_MAX;

    if (is_deep && rule->has_range)
        return (struct samples_scale){rule->low, rule->high, most};
    return (struct samples_scale){0, most, most};
}

static uint8_t samples_composite(const struct samples_scale *scale, uint32_t sample, uint32_t alpha,
                                 uint8_t background)
{
    uint32_t clamped = sample < scale->low    ? scale->low
                       : sample > scale->high ? scale->high
                                              : sample;
    uint32_t above = clamped - scale->low, span = scale->high - scale->low;
    uint64_t part, whole;

    if (alpha == scale->opaque)
        return (uint8_t)((2 * 255 * above + span) / (2 * span));
    part = (uint64_t)255 * above * alpha + (uint64_t)background * span * (scale->opaque - alpha);
    whole = (uint64_t)span * scale->opaque;
    return (uint8_t)((2 * part + whole) / (2 * whole));
}

uint8_t samples_narrow(const struct samples_rule *rule, uint16_t sample)
{
    const struct samples_scale scale = samples_choose_scale(rule, true);

    return samples_composite(&scale, sample, scale.opaque, 0);
}

void samples_background(const struct samples_rule *rule, unsigned channels, uint8_t background[3])
{
    image_convert_row(rule->background, 3, 1, background, channels);
}

static uint32_t samples_get(const uint8_t *at, bool is_deep)
{
    return is_deep ? (uint32_t)at[0] << 8 | at[1] : at[0];
}

/* What a pixel that can be seen says of the image. */
static void samples_note(struct image_info *info, const uint8_t *pixel,
                         const struct samples_layout *layout)
{
    for (unsigned c = 0; layout->is_deep && c < layout->channels; c++) {
        uint16_t sample = (uint16_t)samples_get(pixel + 2 * c, true);

        if (!info->has_range || sample < info->low)
            info->low = sample;
        if (!info->has_range || sample > info->high)
            info->high = sample;
        info->has_range = true;
    }
}

void samples_convert_row(const struct samples_rule *rule, const struct samples_layout *layout,
                         const uint8_t *row, size_t width, uint8_t *out, unsigned channels,
                         struct image_info *info)
{
    const struct samples_scale scale = samples_choose_scale(rule, layout->is_deep);
    const size_t sample_nbytes = layout->is_deep ? 2 : 1;
    const size_t pixel_nbytes = samples_pixel_nbytes(layout);
    /* Gray may become a color, by the background. */
    const unsigned num_made = layout->channels > channels ? layout->channels : channels;
    uint8_t background[3], made[3];

    if (!layout->has_alpha && !layout->is_deep) {
        image_convert_row(row, layout->channels, width, out, channels);
        return;
    }
    samples_background(rule, num_made, background);
    for (size_t x = 0; x < width; x++, row += pixel_nbytes) {
        uint32_t alpha = layout->has_alpha
                             ? samples_get(row + layout->channels * sample_nbytes, layout->is_deep)
                             : scale.opaque;
        uint32_t opacity = rule->has_background ? alpha : scale.opaque;

        info->is_transparent |= alpha < scale.opaque;
        if (alpha > 0)
            samples_note(info, row, layout);
        for (unsigned c = 0; c < num_made; c++) {
            const uint8_t *at = row + (layout->channels == 3 ? c : 0) * sample_nbytes;

            made[c] =
                samples_composite(&scale, samples_get(at, layout->is_deep), opacity, background[c]);
        }
        image_convert_row(made, num_made, 1, out + x * channels, channels);
    }
}
