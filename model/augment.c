/* Augmentations as text; augment_apply.c has the pixels. */
#include "model/augment.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"
#include "common/text.h"

const struct augment_preset augment_presets[] = {
    {"digits", "rotate:12 shift:2.5 scale:0.12"},
    {"photos", "flip crop:4 fill:reflect"},
    {NULL, NULL},
};

const char *const augment_beginnings[] = {
    "digits", "photos", "rotate:",     "shift:",    "scale:", "shear:", "elastic:",
    "flip",   "crop:",  "brightness:", "contrast:", "erase:", "fill:",  NULL};

enum augment_value { VALUE_FLAG, VALUE_COUNT, VALUE_REAL, VALUE_FILL };

enum { MAX_ARGUMENTS = 2, MAX_WORD = 64 };

struct augment_argument {
    size_t offset; /* in struct augment */
    double minimum, maximum;
};

struct augment_operation {
    const char *name, *usage;
    enum augment_value value;
    size_t num_arguments;
    struct augment_argument arguments[MAX_ARGUMENTS];
};

#define MEMBER(name) offsetof(struct augment, name)

/* The limits keep positions within 64 bits of fixed point, and moves where they can be of use. */
static const struct augment_operation augment_operations[] = {
    {"rotate", "rotate:DEGREES", VALUE_REAL, 1, {{MEMBER(rotate), 0.0, 180.0}}},
    {"shift", "shift:PIXELS", VALUE_REAL, 1, {{MEMBER(shift), 0.0, 1024.0}}},
    {"scale", "scale:FRACTION", VALUE_REAL, 1, {{MEMBER(scale), 0.0, 0.9}}},
    {"shear", "shear:FRACTION", VALUE_REAL, 1, {{MEMBER(shear), 0.0, 2.0}}},
    {"elastic",
     "elastic:PIXELS:SPACING",
     VALUE_REAL,
     2,
     {{MEMBER(elastic), 0.0, 64.0}, {MEMBER(elastic_spacing), 2.0, 1024.0}}},
    {"flip", "flip", VALUE_FLAG, 0, {{MEMBER(flip), 0.0, 0.0}}},
    {"crop", "crop:PIXELS", VALUE_COUNT, 1, {{MEMBER(crop), 0.0, 1024.0}}},
    {"brightness", "brightness:FRACTION", VALUE_REAL, 1, {{MEMBER(brightness), 0.0, 1.0}}},
    {"contrast", "contrast:FRACTION", VALUE_REAL, 1, {{MEMBER(contrast), 0.0, 1.0}}},
    {"erase", "erase:PROBABILITY", VALUE_REAL, 1, {{MEMBER(erase), 0.0, 1.0}}},
    {"fill", "fill:zero|edge|reflect", VALUE_FILL, 1, {{MEMBER(fill), 0.0, 0.0}}},
};

enum { NUM_OPERATIONS = sizeof(augment_operations) / sizeof(augment_operations[0]) };

static const char *const augment_fill_names[] = {"zero", "edge", "reflect"};

enum { NUM_FILLS = sizeof(augment_fill_names) / sizeof(augment_fill_names[0]) };

/* ---- parsing ---- */

static bool augment_refuse(const char *word, const char *expected, struct error *error)
{
    return error_set(error, STATUS_USAGE, ERROR_AT(.expected = expected), "augmentation '%s'",
                     word);
}

static bool augment_parse_argument(const struct augment_operation *operation, size_t index,
                                   const char *word, const char *text, struct augment *augment,
                                   struct error *error)
{
    const char *name = TEXT("augmentation '%s'", word);
    const struct augment_argument *argument = &operation->arguments[index];
    void *value = (char *)augment + argument->offset;

    switch (operation->value) {
    case VALUE_FLAG:
        return true;
    case VALUE_COUNT:
        return options_parse_count(name, text, (uint64_t)argument->minimum,
                                   (uint64_t)argument->maximum, value, error);
    case VALUE_REAL:
        return options_parse_real(name, text, argument->minimum, argument->maximum, value, error);
    case VALUE_FILL:
        for (int i = 0; i < NUM_FILLS; i++)
            if (strcmp(text, augment_fill_names[i]) == 0) {
                augment->fill = (enum augment_fill)i;
                return true;
            }
        return augment_refuse(word, operation->usage, error);
    }
    return false;
}

/* word is an operation's name and its arguments, with colons between them. */
static bool augment_parse_operation(const struct augment_operation *operation, const char *word,
                                    struct augment *augment, struct error *error)
{
    const char *rest = word + strlen(operation->name);
    size_t num_arguments = 0;

    for (const char *c = rest; *c; c++)
        num_arguments += *c == ':';
    if (num_arguments != operation->num_arguments)
        return augment_refuse(word, operation->usage, error);
    if (operation->value == VALUE_FLAG)
        augment->flip = true;
    for (size_t i = 0; i < num_arguments; i++) {
        const size_t length = strcspn(rest + 1, ":");

        if (!augment_parse_argument(operation, i, word, TEXT("%.*s", (int)length, rest + 1),
                                    augment, error))
            return false;
        rest += 1 + length;
    }
    return true;
}

static bool augment_parse_words(const char *text, bool given[NUM_OPERATIONS],
                                struct augment *augment, struct error *error);

static bool augment_parse_word(const char *word, bool given[NUM_OPERATIONS],
                               struct augment *augment, struct error *error)
{
    char names[256] = "";
    const size_t length = strcspn(word, ":");

    for (const struct augment_preset *preset = augment_presets; preset->name; preset++) {
        if (strcmp(word, preset->name) == 0)
            return augment_parse_words(preset->text, given, augment, error);
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s, ", preset->name);
    }
    for (size_t i = 0; i < NUM_OPERATIONS; i++) {
        const struct augment_operation *operation = &augment_operations[i];

        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", operation->name,
                 i + 2 < NUM_OPERATIONS   ? ", "
                 : i + 1 < NUM_OPERATIONS ? " or "
                                          : "");
        if (length != strlen(operation->name) || strncmp(word, operation->name, length) != 0)
            continue;
        if (given[i])
            return augment_refuse(word, TEXT("%s only once", operation->name), error);
        given[i] = true;
        return augment_parse_operation(operation, word, augment, error);
    }
    return augment_refuse(word, names, error);
}

static bool augment_parse_words(const char *text, bool given[NUM_OPERATIONS],
                                struct augment *augment, struct error *error)
{
    for (;;) {
        const size_t begin = strspn(text, " "), length = strcspn(text + begin, " ");
        char word[MAX_WORD];

        if (length == 0)
            return true;
        snprintf(word, sizeof(word), "%.*s", (int)length, text + begin);
        if (length >= sizeof(word))
            return augment_refuse(word, TEXT("words of fewer than %d characters", MAX_WORD), error);
        if (!augment_parse_word(word, given, augment, error))
            return false;
        text += begin + length;
    }
}

bool augment_parse(const char *text, struct augment *augment, struct error *error)
{
    bool given[NUM_OPERATIONS] = {false};

    *augment = (struct augment){0};
    return augment_parse_words(text, given, augment, error);
}

/* ---- printing ---- */

/* As few digits as give the same number again. */
static const char *augment_format_real(char *buffer, size_t size, double value)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buffer, size, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            break;
    }
    return buffer;
}

/* Nothing for an operation that is left out. */
static void augment_format_operation(const struct augment *augment,
                                     const struct augment_operation *operation, char word[MAX_WORD])
{
    char number[32];
    uint64_t count;

    word[0] = '\0';
    switch (operation->value) {
    case VALUE_FLAG:
        if (augment->flip)
            snprintf(word, MAX_WORD, "%s", operation->name);
        break;
    case VALUE_COUNT:
        memcpy(&count, (const char *)augment + operation->arguments[0].offset, sizeof(count));
        if (count > 0)
            snprintf(word, MAX_WORD, "%s:%" PRIu64, operation->name, count);
        break;
    case VALUE_REAL:
        for (size_t i = 0; i < operation->num_arguments; i++) {
            double value;

            memcpy(&value, (const char *)augment + operation->arguments[i].offset, sizeof(value));
            if (i == 0 && value == 0.0)
                break;
            if (i == 0)
                snprintf(word, MAX_WORD, "%s", operation->name);
            snprintf(word + strlen(word), MAX_WORD - strlen(word), ":%s",
                     augment_format_real(number, sizeof(number), value));
        }
        break;
    case VALUE_FILL:
        if (augment->fill != AUGMENT_FILL_ZERO)
            snprintf(word, MAX_WORD, "%s:%s", operation->name, augment_fill_names[augment->fill]);
        break;
    }
}

void augment_print(const struct augment *augment, char text[AUGMENT_TEXT_SIZE])
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < NUM_OPERATIONS; i++) {
        char word[MAX_WORD];

        augment_format_operation(augment, &augment_operations[i], word);
        if (word[0] != '\0')
            length += (size_t)snprintf(text + length, AUGMENT_TEXT_SIZE - length, "%s%s",
                                       length > 0 ? " " : "", word);
    }
}

/* ---- what cannot be ---- */

bool augment_check(const struct augment *augment, const struct image_shape *image,
                   struct error *error)
{
    const size_t side = image->height < image->width ? image->height : image->width;
    const double limit = (double)side;
    const struct {
        const char *name;
        double pixels;
    } moves[] = {
        {"shift", augment->shift}, {"crop", (double)augment->crop}, {"elastic", augment->elastic}};

    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (moves[i].pixels >= limit)
            return error_set(error, STATUS_USAGE,
                             ERROR_AT(.expected = TEXT("fewer pixels than the image's %zu", side),
                                      .found = TEXT("%g", moves[i].pixels)),
                             "augmentation '%s' would move images of %zux%zu out of sight",
                             moves[i].name, image->height, image->width);
    return true;
}

bool augment_is_nothing(const struct augment *augment)
{
    return augment->rotate == 0.0 && augment->shift == 0.0 && augment->scale == 0.0 &&
           augment->shear == 0.0 && augment->elastic == 0.0 && !augment->flip &&
           augment->crop == 0 && augment->brightness == 0.0 && augment->contrast == 0.0 &&
           augment->erase == 0.0;
}
