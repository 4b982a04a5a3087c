#include "images/preparation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "images/file_pixels.h"

/* ---- as text ---- */

const char *preparation_format(const struct preparation *preparation, char *buffer, size_t size)
{
    const struct samples_rule *rule = &preparation->rule;
    const uint8_t *background = rule->background;
    const char *size_text =
        preparation->height ? TEXT("%zux%zu", preparation->height, preparation->width) : "as-is";
    const char *background_text =
        rule->has_background ? TEXT("%02x%02x%02x", background[0], background[1], background[2])
                             : "none";
    const char *range_text = rule->has_range ? TEXT("%u:%u", rule->low, rule->high) : "none";

    return text_format(buffer, size, "background=%s channels=%s fit=%s range=%s size=%s",
                       background_text,
                       preparation->channels == 1   ? "gray"
                       : preparation->channels == 3 ? "rgb"
                                                    : "unknown",
                       fit_mode_names[preparation->fit], range_text, size_text);
}

static int preparation_parse_digit(char digit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = digit ? strchr(digits, digit) : NULL;

    return at ? (int)(at - digits) % 16 : -1;
}

bool preparation_parse_background(const char *text, struct samples_rule *rule)
{
    const char *digits = strcmp(text, "white") == 0   ? "ffffff"
                         : strcmp(text, "black") == 0 ? "000000"
                                                      : text;

    if (strlen(digits) != 6)
        return false;
    for (size_t i = 0; i < 3; i++) {
        int high = preparation_parse_digit(digits[2 * i]);
        int low = preparation_parse_digit(digits[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        rule->background[i] = (uint8_t)(16 * high + low);
    }
    rule->has_background = true;
    return true;
}

/* Two numbers with a separator between them. */
static bool preparation_parse_pair(const char *text, char separator, uint64_t most,
                                   uint64_t pair[2])
{
    const char *middle = strchr(text, separator);

    return middle && text_to_count(TEXT("%.*s", (int)(middle - text), text), &pair[0]) &&
           text_to_count(middle + 1, &pair[1]) && pair[0] <= most && pair[1] <= most;
}

bool preparation_parse_range(const char *text, struct samples_rule *rule)
{
    uint64_t pair[2];

    if (!preparation_parse_pair(text, ':', UINT16_MAX, pair) || pair[0] >= pair[1])
        return false;
    rule->low = (uint16_t)pair[0];
    rule->high = (uint16_t)pair[1];
    rule->has_range = true;
    return true;
}

static bool preparation_take_channels(const char *value, struct preparation *preparation)
{
    preparation->channels = strcmp(value, "gray") == 0 ? 1 : strcmp(value, "rgb") == 0 ? 3 : 0;
    return preparation->channels != 0 || strcmp(value, "unknown") == 0;
}

static bool preparation_take_size(const char *value, struct preparation *preparation)
{
    enum { MAX_SIDE = 65535 };
    uint64_t pair[2] = {0, 0};

    if (strcmp(value, "as-is") != 0 &&
        (!preparation_parse_pair(value, 'x', MAX_SIDE, pair) || pair[0] == 0 || pair[1] == 0))
        return false;
    preparation->height = pair[0];
    preparation->width = pair[1];
    return true;
}

static bool preparation_take_fit(const char *value, struct preparation *preparation)
{
    for (int mode = 0; fit_mode_names[mode]; mode++) {
        if (strcmp(value, fit_mode_names[mode]) == 0) {
            preparation->fit = (enum fit_mode)mode;
            return true;
        }
    }
    return false;
}

static bool preparation_take_background(const char *value, struct preparation *preparation)
{
    return strcmp(value, "none") == 0 || preparation_parse_background(value, &preparation->rule);
}

static bool preparation_take_range(const char *value, struct preparation *preparation)
{
    return strcmp(value, "none") == 0 || preparation_parse_range(value, &preparation->rule);
}

static const struct {
    const char *name;
    bool (*take)(const char *value, struct preparation *preparation);
} preparation_items[] = {
    {"channels", preparation_take_channels}, {"size", preparation_take_size},
    {"fit", preparation_take_fit},           {"background", preparation_take_background},
    {"range", preparation_take_range},
};

enum { NUM_ITEMS = sizeof(preparation_items) / sizeof(preparation_items[0]) };

bool preparation_parse(const char *text, struct preparation *preparation, struct error *error)
{
    bool is_taken[NUM_ITEMS] = {false};

    *preparation = (struct preparation){0};
    while (*text) {
        size_t length = strcspn(text, " "), name_length = strcspn(text, "=");
        int i = 0;

        while (i < NUM_ITEMS && (strlen(preparation_items[i].name) != name_length ||
                                 strncmp(preparation_items[i].name, text, name_length) != 0))
            i++;
        if (name_length >= length || i == NUM_ITEMS || is_taken[i] ||
            !preparation_items[i].take(
                TEXT("%.*s", (int)(length - name_length - 1), text + name_length + 1), preparation))
            return error_set(
                error, STATUS_DATA,
                ERROR_AT(.found = TEXT("%.*s", (int)(length < 100 ? length : 100), text)),
                "this program cannot make images so");
        is_taken[i] = true;
        text += length;
        text += strspn(text, " ");
    }
    return true;
}

/* ---- from a decoded image to a row ---- */

void preparation_fit(const struct preparation *preparation, const uint8_t *pixels,
                     const struct image_shape *decoded, uint8_t *row,
                     const struct image_shape *shape, uint64_t *scratch)
{
    struct fit fit = {.mode = preparation->fit};

    samples_background(&preparation->rule, (unsigned)shape->channels, fit.background);
    fit_image(&fit, pixels, decoded, row, shape, scratch);
}

/* ---- from a file to a row ---- */

static bool preparation_check_size(const struct preparation *preparation, const char *name,
                                   const struct image_info *info, const struct image_shape *shape,
                                   struct error *error)
{
    const char *color = shape->channels == 1 ? "gray" : "RGB";

    if (preparation->height > 0 || (info->height == shape->height && info->width == shape->width))
        return true;
    return error_set(error, STATUS_DATA,
                     ERROR_AT(.file = name,
                              .expected = TEXT("%zux%zu %s", shape->height, shape->width, color),
                              .found = TEXT("%ux%u %s", info->height, info->width, color)),
                     "the image shape is not the model's");
}

static bool preparation_reserve(struct preparation_buffer *buffer, const struct image_shape *shape,
                                struct error *error)
{
    size_t num_scratch = fit_num_scratch(shape);

    if (num_scratch <= buffer->num_scratch)
        return true;
    free(buffer->scratch);
    buffer->num_scratch = 0;
    if (!memory_allocate_unset(&buffer->scratch, num_scratch, sizeof(uint64_t), error))
        return false;
    buffer->num_scratch = num_scratch;
    return true;
}

bool preparation_make_row(const struct preparation *preparation, const struct image_shape *shape,
                          const char *name, const struct source_file *file, uint64_t max_pixels,
                          struct preparation_buffer *buffer, uint8_t *row, struct image_info *info,
                          struct error *error)
{
    struct image_pixels *pixels = &buffer->pixels;
    struct image_shape decoded;

    *info = (struct image_info){0};
    pixels->rule = preparation->rule;
    pixels->place = row;
    pixels->place_height = (uint32_t)shape->height;
    pixels->place_width = (uint32_t)shape->width;
    if (!file_pixels_read_info(name, file, max_pixels, info, error) ||
        !preparation_check_size(preparation, name, info, shape, error) ||
        !file_pixels_read(name, file, max_pixels, (unsigned)shape->channels, info, pixels, error))
        return false;
    if (info->is_transparent && !preparation->rule.has_background)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name),
                         "is not opaque throughout, but the model's images had no background: make "
                         "it opaque, or train on a store made with --background");
    if (pixels->values == row)
        return true;
    if (!preparation_reserve(buffer, shape, error))
        return false;
    decoded = (struct image_shape){info->height, info->width, shape->channels};
    preparation_fit(preparation, pixels->values, &decoded, row, shape, buffer->scratch);
    return true;
}

void preparation_buffer_free(struct preparation_buffer *buffer)
{
    image_pixels_free(&buffer->pixels);
    free(buffer->scratch);
    *buffer = (struct preparation_buffer){0};
}

/* ---- what many images are like ---- */

void preparation_add(struct preparation_findings *findings, const struct image_info *info)
{
    findings->num_images++;
    findings->num_transparent += info->is_transparent;
    findings->num_deep += info->is_deep;
    if (!info->has_range)
        return;
    if (!findings->has_range || info->low < findings->low)
        findings->low = info->low;
    if (!findings->has_range || info->high > findings->high)
        findings->high = info->high;
    findings->has_range = true;
}

unsigned preparation_count_levels(const struct preparation_findings *findings)
{
    const struct samples_rule narrowing = {0};

    return findings->has_range ? samples_narrow(&narrowing, findings->high) -
                                     samples_narrow(&narrowing, findings->low) + 1u
                               : 0;
}
