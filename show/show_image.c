#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"
#include "show/show.h"
#include "show/show_sample.h"
#include "view/png_write.h"
#include "view/sheet.h"
#include "view/terminal/picture.h"
#include "view/terminal/terminal_text.h"

enum {
    ENOUGH = 280,    /* pixels to which a picture in a file is enlarged */
    MAX_MEANS = 100, /* that are shown on a terminal */
    CAPTION_SIZE = 128,
    LINE_SIZE = 1024,
};
static const uint64_t max_nbytes = (uint64_t)1 << 30; /* of all tiles of a sheet */

bool show_picture(const struct show *show, const struct raster *picture, struct error *error)
{
    const struct show_options *options = show->options;
    size_t longest = picture->width > picture->height ? picture->width : picture->height;
    size_t scale = options->scale ? options->scale : ENOUGH / longest > 0 ? ENOUGH / longest : 1;
    struct raster enlarged = {0};
    bool ok;

    if (!options->png)
        return picture_print(stdout, &show->terminal, picture, options->scale, error);
    ok =
        raster_resize(&enlarged, picture, picture->width * scale, picture->height * scale, error) &&
        show_write_png(show, &enlarged, error);
    raster_free(&enlarged);
    return ok;
}

bool show_write_png(const struct show *show, const struct raster *picture, struct error *error)
{
    const char *path = show->options->png;

    if (!png_write_file(path, picture, show->options->force, error))
        return false;
    fputs("wrote ", stdout);
    text_print_escaped(stdout, path);
    printf(": %zu pixels wide, %zu high\n", picture->width, picture->height);
    return true;
}

/* ---- one image ---- */

bool show_image(const struct show *show, struct error *error)
{
    struct store *store = NULL;
    struct show_sample sample = {0};
    struct raster picture = {0};
    bool ok = show_open_store(show, &store, error) &&
              show_sample_read(show, store, &sample, error) &&
              raster_from_image(&picture, store_image_shape(store), sample.pixels, error);

    if (ok) {
        show_sample_print(show, store, &sample);
        ok = show_picture(show, &picture, error);
    }
    raster_free(&picture);
    show_sample_free(&sample);
    store_close(store);
    return ok;
}

/* ---- sheets ---- */

/* Tiles with the memory of their captions. */
struct show_tiles {
    struct sheet_tile *items; /* [count] */
    char (*captions)[CAPTION_SIZE];
    size_t count;
};

static bool show_tiles_make(struct show_tiles *tiles, const struct image_shape *image,
                            uint64_t count, struct error *error)
{
    uint64_t nbytes = 0;

    *tiles = (struct show_tiles){.count = count};
    memory_add_nbytes(&nbytes, count, image->height * image->width * RASTER_CHANNELS);
    if (nbytes > max_nbytes)
        return error_set(error, STATUS_USAGE,
                         ERROR_AT(.expected = "1 GiB or less", .found = TEXT("%" PRIu64, nbytes)),
                         "so many images take too much memory");
    return memory_allocate(&tiles->items, count, sizeof(*tiles->items), error) &&
           memory_allocate(&tiles->captions, count, CAPTION_SIZE, error);
}

static void show_tiles_free(struct show_tiles *tiles)
{
    for (size_t i = 0; i < tiles->count && tiles->items; i++)
        raster_free(&tiles->items[i].picture);
    free(tiles->items);
    free(tiles->captions);
}

/* columns: of the grid; 0: as many as fit. */
static bool show_sheet(const struct show *show, const struct show_tiles *tiles, size_t columns,
                       struct error *error)
{
    const struct sheet sheet = {tiles->items, tiles->count, columns, show->options->scale};
    struct raster picture = {0};
    size_t num_columns = 0;
    bool ok;

    if (show->options->png) {
        ok = sheet_to_raster(&sheet, &picture, error) && show_write_png(show, &picture, error);
        raster_free(&picture);
        return ok;
    }
    ok = sheet_print(stdout, &show->terminal, &sheet, &num_columns, error);
    if (ok && columns > num_columns && num_columns < tiles->count) {
        fflush(stdout);
        progress_note("quern-show",
                      "note: %zu columns do not fit side by side, so there are %zu; a wider "
                      "terminal or --png has all",
                      columns, num_columns);
    }
    return ok;
}

/* The split that is asked for, or the first there is; with labels if they are needed. */
static bool show_choose_split(const struct show *show, struct store *store, bool needs_labels,
                              enum split *split, struct error *error)
{
    const struct show_options *options = show->options;

    *split = options->split;
    for (int s = 0; s < NUM_SPLITS && !options->is_split_given; s++) {
        if (store_num_rows(store, (enum split)s) > 0) {
            *split = (enum split)s;
            break;
        }
    }
    if (store_num_rows(store, *split) == 0)
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = options->operands[0]),
                         "has no split %s", split_names[*split]);
    return !needs_labels || store_labels(store, *split) ||
           error_set(error, STATUS_USAGE, ERROR_AT(.file = options->operands[0]),
                     "the split %s has no labels", split_names[*split]);
}

/* The label of --class; *label is the number of classes where it is not given. */
static bool show_choose_class(const struct show *show, struct store *store, uint32_t *label,
                              struct error *error)
{
    const struct text_list *classes = store_classes(store);
    const char *name = show->options->class_name;

    *label = (uint32_t)(name ? text_list_find(classes, name) : classes->count);
    return !name || *label < classes->count ||
           error_set(error, STATUS_USAGE,
                     ERROR_AT(.file = show->options->operands[0], .found = TEXT("'%.200s'", name)),
                     "has no such class; its summary lists them");
}

/* ---- class means ---- */

static bool show_mean_tile(struct store *store, enum split split, uint32_t label, float *mean,
                           uint8_t *pixels, struct raster *picture, struct error *error)
{
    const struct image_shape *image = store_image_shape(store);

    if (!store_read_class_mean(store, split, label, mean, error))
        return false;
    for (size_t i = 0; i < image_num_values(image); i++)
        pixels[i] =
            isfinite(mean[i]) ? (uint8_t)lroundf(255.0f * fminf(fmaxf(mean[i], 0.0f), 1.0f)) : 0;
    return raster_from_image(picture, image, pixels, error);
}

static bool show_mean_tiles(struct store *store, enum split split, uint32_t first,
                            const uint64_t *counts, struct show_tiles *tiles, struct error *error)
{
    size_t num_values = image_num_values(store_image_shape(store));
    uint8_t *pixels = NULL;
    float *mean = NULL;
    bool ok = memory_allocate(&mean, num_values, sizeof(*mean), error) &&
              memory_allocate(&pixels, num_values, 1, error);

    for (size_t i = 0; i < tiles->count && ok; i++) {
        uint32_t label = first + (uint32_t)i;
        char number[32];

        text_format(tiles->captions[i], CAPTION_SIZE, "%.80s (%s)",
                    store_classes(store)->items[label],
                    text_group_digits(number, sizeof(number), counts[label]));
        tiles->items[i].caption = tiles->captions[i];
        ok = show_mean_tile(store, split, label, mean, pixels, &tiles->items[i].picture, error);
    }
    free(mean);
    free(pixels);
    return ok;
}

bool show_mean(const struct show *show, struct error *error)
{
    struct store *store = NULL;
    struct show_tiles tiles = {0};
    uint64_t *counts = NULL;
    enum split split = SPLIT_TRAIN;
    uint32_t label = 0;
    size_t num_classes = 0, num_shown = 0;
    bool ok = show_open_store(show, &store, error) &&
              show_choose_split(show, store, true, &split, error) &&
              show_choose_class(show, store, &label, error);

    if (ok) {
        num_classes = store_classes(store)->count;
        num_shown = label < num_classes ? 1 : num_classes;
        if (num_shown > MAX_MEANS && !show->options->png)
            num_shown = MAX_MEANS;
        ok = memory_allocate(&counts, num_classes, sizeof(*counts), error) &&
             show_tiles_make(&tiles, store_image_shape(store), num_shown, error);
    }
    for (uint64_t row = 0; ok && row < store_num_rows(store, split); row++)
        counts[store_labels(store, split)[row]]++;
    ok =
        ok && show_mean_tiles(store, split, label < num_classes ? label : 0, counts, &tiles, error);
    if (ok) {
        terminal_text_wrap(stdout,
                           TEXT("%s of %s, with the number of images",
                                num_shown == 1 ? "mean" : "class means", split_names[split]),
                           0, 0, show->terminal.columns);
        ok = show_sheet(show, &tiles, 0, error);
    }
    if (ok && label == num_classes && num_shown < num_classes)
        printf("and %zu class%s more: --class NAME shows one, --png all\n", num_classes - num_shown,
               num_classes - num_shown == 1 ? "" : "es");
    show_tiles_free(&tiles);
    free(counts);
    store_close(store);
    return ok;
}

/* ---- samples ---- */

struct show_grid {
    const struct show *show;
    struct store *store;
    enum split split;
    uint64_t *rows; /* [tiles.count] */
    struct show_tiles tiles;
    struct show_augmenter augmenter;
};

static bool show_grid_take(void *context, uint64_t index, const uint8_t *pixels,
                           struct error *error)
{
    struct show_grid *grid = context;
    const struct image_shape *image = store_image_shape(grid->store);
    const uint32_t *labels = store_labels(grid->store, grid->split);
    const struct show_options *options = grid->show->options;
    uint64_t row = grid->rows[index];
    char *caption = grid->tiles.captions[index];

    text_format(caption, CAPTION_SIZE, "%" PRIu64, row);
    if (labels && !options->class_name)
        text_format(caption + strlen(caption), CAPTION_SIZE - strlen(caption), " %.80s",
                    store_classes(grid->store)->items[labels[row]]);
    grid->tiles.items[index].caption = caption;
    pixels = show_augmenter_apply(&grid->augmenter, row, pixels);
    return raster_from_image(&grid->tiles.items[index].picture, image, pixels, error);
}

static void show_grid_heading(const struct show_grid *grid, uint64_t num_samples)
{
    const struct show_options *options = grid->show->options;
    const size_t width = grid->show->terminal.columns;
    bool has_class = store_labels(grid->store, grid->split) && !options->class_name;
    char number[32], name[LINE_SIZE], line[2 * LINE_SIZE];

    text_group_digits(number, sizeof(number), num_samples);
    text_format(line, sizeof(line), "%s of %s%s%s",
                num_samples == 1 ? "the only image"
                : grid->tiles.count == num_samples
                    ? TEXT("all %s images", number)
                    : TEXT("%zu of the %s images", grid->tiles.count, number),
                options->class_name ? text_escape(name, sizeof(name), options->class_name) : "",
                options->class_name ? " in " : "", split_names[grid->split]);
    if (grid->tiles.count < num_samples)
        text_format(line + strlen(line), sizeof(line) - strlen(line), ", drawn by seed %" PRIu64,
                    options->seed);
    text_format(line + strlen(line), sizeof(line) - strlen(line), "; below each its row%s",
                has_class ? " and class" : "");
    terminal_text_wrap(stdout, line, 0, 0, width);
    show_augmenter_print(&grid->augmenter);
}

/* The rows that are shown, and how many there are to choose from. */
static bool show_grid_draw(struct show_grid *grid, uint64_t *num_samples, struct error *error)
{
    const struct show_options *options = grid->show->options;
    const uint32_t *labels = store_labels(grid->store, grid->split);
    uint64_t count = options->grid[0] * options->grid[1], num_drawn = 0;
    uint64_t num_rows = store_num_rows(grid->store, grid->split);
    uint32_t label = 0;

    if (!show_choose_class(grid->show, grid->store, &label, error) ||
        !memory_allocate(&grid->rows, count, sizeof(*grid->rows), error) ||
        !show_sample_draw(grid->store, grid->split, options->class_name ? &label : NULL,
                          options->seed, count, grid->rows, &num_drawn, error))
        return false;
    *num_samples = options->class_name ? 0 : num_rows;
    for (uint64_t row = 0; options->class_name && row < num_rows; row++)
        *num_samples += labels[row] == label;
    if (num_drawn == 0)
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = options->operands[0]),
                         "the split %s has no image of that class", split_names[grid->split]);
    return show_tiles_make(&grid->tiles, store_image_shape(grid->store), num_drawn, error);
}

bool show_grid(const struct show *show, struct error *error)
{
    const struct show_options *options = show->options;
    struct show_grid grid = {.show = show};
    uint64_t num_samples = 0;
    bool ok =
        show_open_store(show, &grid.store, error) &&
        show_choose_split(show, grid.store, options->class_name != NULL, &grid.split, error) &&
        show_augmenter_begin(&grid.augmenter, show, store_image_shape(grid.store), error) &&
        show_grid_draw(&grid, &num_samples, error) &&
        show_sample_read_rows(grid.store, grid.split, grid.rows, grid.tiles.count,
                              options->num_threads, show_grid_take, &grid, error);

    if (ok) {
        show_grid_heading(&grid, num_samples);
        ok = show_sheet(show, &grid.tiles, options->grid[1], error);
    }
    show_tiles_free(&grid.tiles);
    free(grid.rows);
    show_augmenter_end(&grid.augmenter);
    store_close(grid.store);
    return ok;
}
