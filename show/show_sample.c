#include "show/show_sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"
#include "common/text.h"
#include "show/show.h"
#include "view/terminal/terminal_text.h"

enum { LINE_SIZE = 4096 };

/* ---- as training sees them ---- */

bool show_augmenter_begin(struct show_augmenter *augmenter, const struct show *show,
                          const struct image_shape *image, struct error *error)
{
    const char *text = show->options->augment;

    *augmenter = (struct show_augmenter){
        .options = show->options, .width = show->terminal.columns, .image = *image};
    return !text || (augment_parse(text, &augmenter->augment, error) &&
                     augment_check(&augmenter->augment, image, error) &&
                     memory_allocate(&augmenter->pixels, image_num_values(image), 1, error) &&
                     memory_allocate(&augmenter->scratch,
                                     augment_scratch_nbytes(&augmenter->augment, image), 1, error));
}

const uint8_t *show_augmenter_apply(struct show_augmenter *augmenter, uint64_t row,
                                    const uint8_t *pixels)
{
    const struct show_options *options = augmenter->options;

    if (!options->augment)
        return pixels;
    augment_apply(&augmenter->augment, options->seed, options->epoch, row, &augmenter->image,
                  pixels, augmenter->pixels, augmenter->scratch);
    return augmenter->pixels;
}

void show_augmenter_print(const struct show_augmenter *augmenter)
{
    const struct show_options *options = augmenter->options;
    char augment[AUGMENT_TEXT_SIZE], line[2 * AUGMENT_TEXT_SIZE];

    if (!options->augment)
        return;
    augment_print(&augmenter->augment, augment);
    text_format(line, sizeof(line),
                "as training by seed %" PRIu64 " sees them in epoch %" PRIu64 ", by %s",
                options->seed, options->epoch, augment);
    terminal_text_wrap(stdout, line, 0, 0, augmenter->width);
}

void show_augmenter_end(struct show_augmenter *augmenter)
{
    free(augmenter->pixels);
    free(augmenter->scratch);
    augmenter->pixels = NULL;
    augmenter->scratch = NULL;
}

/* ---- one ---- */

/* "train/3001", where the number has no zero in front. */
static bool show_sample_parse(const char *name, enum split *split, uint64_t *row)
{
    for (int s = 0; s < NUM_SPLITS; s++) {
        size_t length = strlen(split_names[s]);

        if (strncmp(name, split_names[s], length) == 0 && name[length] == '/' &&
            (name[length + 1] != '0' || name[length + 2] == '\0') &&
            text_to_count(name + length + 1, row)) {
            *split = (enum split)s;
            return true;
        }
    }
    return false;
}

static bool show_sample_find(struct store *store, const char *store_path, const char *name,
                             struct show_sample *sample, struct error *error)
{
    bool is_found = false;
    uint64_t num_rows;

    if (!show_sample_parse(name, &sample->split, &sample->row)) {
        if (!store_find_path(store, name, &sample->split, &sample->row, &is_found, error))
            return false;
        return is_found ||
               error_set(error, STATUS_USAGE,
                         ERROR_AT(.file = store_path, .found = TEXT("'%.200s'", name)),
                         "--image names a row (train/3001) or a path as the store has it (its "
                         "summary shows one), and this is neither");
    }
    num_rows = store_num_rows(store, sample->split);
    if (num_rows == 0)
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = store_path),
                         "has no split %s, which --image names", split_names[sample->split]);
    return sample->row < num_rows ||
           error_set(error, STATUS_USAGE,
                     ERROR_AT(.file = store_path,
                              .expected = TEXT("%s/0 to %s/%" PRIu64, split_names[sample->split],
                                               split_names[sample->split], num_rows - 1),
                              .found = TEXT("%.200s", name)),
                     "--image");
}

static bool show_sample_augment(const struct show *show, struct store *store,
                                struct show_sample *sample, struct error *error)
{
    struct show_augmenter augmenter;
    bool ok = show_augmenter_begin(&augmenter, show, store_image_shape(store), error);

    if (ok && show->options->augment)
        memcpy(sample->pixels, show_augmenter_apply(&augmenter, sample->row, sample->pixels),
               image_num_values(store_image_shape(store)));
    show_augmenter_end(&augmenter);
    return ok;
}

bool show_sample_read(const struct show *show, struct store *store, struct show_sample *sample,
                      struct error *error)
{
    const struct show_options *options = show->options;
    const uint32_t *labels;

    *sample = (struct show_sample){0};
    if (!show_sample_find(store, options->operands[0], options->image, sample, error) ||
        !store_read_path(store, sample->split, sample->row, &sample->path, error) ||
        !store_read_one_file_crc32(store, sample->split, sample->row, &sample->file_crc32, error) ||
        !memory_allocate_unset(&sample->pixels, image_num_values(store_image_shape(store)), 1,
                               error))
        return false;
    labels = store_labels(store, sample->split);
    if (labels)
        sample->class_name = store_classes(store)->items[labels[sample->row]];
    return store_read_pixels(store, sample->split, sample->row, 1, 1, sample->pixels, error) &&
           show_sample_augment(show, store, sample, error);
}

void show_sample_free(struct show_sample *sample)
{
    free(sample->path);
    free(sample->pixels);
    *sample = (struct show_sample){0};
}

void show_sample_print(const struct show *show, const struct store *store,
                       const struct show_sample *sample)
{
    const struct image_shape *image = store_image_shape(store);
    char text[LINE_SIZE], line[LINE_SIZE];

    terminal_set_bold(&show->terminal, stdout);
    text_format(line, sizeof(line), "%s/%" PRIu64, split_names[sample->split], sample->row);
    if (sample->class_name)
        text_format(line + strlen(line), sizeof(line) - strlen(line), "  class %s",
                    sample->class_name);
    fputs(
        terminal_text_cut(text, sizeof(text), line, show->terminal.columns, show->terminal.is_utf8),
        stdout);
    terminal_set_plain(&show->terminal, stdout);
    putchar('\n');
    puts(terminal_text_cut_left(text, sizeof(text), sample->path, show->terminal.columns,
                                show->terminal.is_utf8));
    printf("%zux%zu %s, file CRC-32 %08" PRIx32 "\n", image->height, image->width,
           image->channels == 1 ? "gray" : "RGB", sample->file_crc32);
    if (show->options->augment)
        terminal_text_wrap(stdout,
                           TEXT("as training by seed %" PRIu64 " sees it in epoch %" PRIu64,
                                show->options->seed, show->options->epoch),
                           0, 0, show->terminal.columns);
}

/* ---- many ---- */

bool show_sample_draw(struct store *store, enum split split, const uint32_t *label, uint64_t seed,
                      uint64_t count, uint64_t *rows, uint64_t *num_drawn, struct error *error)
{
    const uint32_t *labels = store_labels(store, split);
    uint64_t num_rows = store_num_rows(store, split), num_left = num_rows;
    struct random_stream stream = random_stream_begin(seed, RANDOM_SHOW, 0);

    *num_drawn = 0;
    if (num_rows > UINT32_MAX)
        return error_set(error, STATUS_DATA, ERROR_AT(.dataset = split_names[split]),
                         "more than 4294967295 samples");
    if (label) {
        num_left = 0;
        for (uint64_t row = 0; row < num_rows; row++)
            num_left += labels[row] == *label;
    }
    count = count < num_left ? count : num_left;
    /* Each of the rows that are left is drawn as likely as any other (Knuth, algorithm 3.4.2 S). */
    for (uint64_t row = 0; row < num_rows && *num_drawn < count; row++) {
        if (label && labels[row] != *label)
            continue;
        if (random_below(&stream, (uint32_t)num_left) < count - *num_drawn)
            rows[(*num_drawn)++] = row;
        num_left--;
    }
    return true;
}

bool show_sample_read_rows(struct store *store, enum split split, const uint64_t *rows,
                           uint64_t count, int num_threads,
                           bool (*take)(void *context, uint64_t index, const uint8_t *pixels,
                                        struct error *error),
                           void *context, struct error *error)
{
    size_t row_nbytes = image_num_values(store_image_shape(store));
    uint64_t chunk_rows = store_chunk_rows(store);
    uint8_t *pixels = NULL;
    bool ok = memory_allocate_unset(&pixels, chunk_rows, row_nbytes, error);

    for (uint64_t i = 0, end; i < count && ok; i = end) {
        for (end = i + 1; end < count && rows[end] / chunk_rows == rows[i] / chunk_rows; end++)
            ;
        ok = store_read_pixels(store, split, rows[i], rows[end - 1] - rows[i] + 1, num_threads,
                               pixels, error);
        for (uint64_t j = i; j < end && ok; j++)
            ok = take(context, j, pixels + (rows[j] - rows[i]) * row_nbytes, error);
    }
    free(pixels);
    return ok;
}
