#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "show/show.h"
#include "show/show_sample.h"
#include "view/raster.h"
#include "view/terminal/terminal_text.h"

/*
 * The pixels of an image as numbers, each on a ground that is as dark as it says (white 0, black
 * 255), as a data frame with a gradient behind it; of RGB images a table for each channel.  Where
 * they do not all fit, a window of them is shown, by itself the one that has most in it.
 */

enum {
    CELL_COLUMNS = 4, /* three digits and a blank */
    MAX_ROWS = 64,    /* that are shown by themselves */
    CHANNEL_GAP = 2,
    MIN_COLUMNS_BESIDE = 4, /* of each channel; where fewer fit, channels are not side by side */
    MAX_VALUE = 255,
};

struct pixels_range {
    size_t first, end;
};

struct pixels_window {
    struct pixels_range rows, columns;
};

static const char *const channel_names[] = {"red", "green", "blue"};

/* ---- which of them ---- */

/* "4:10", ":10" or "4:" of 0 to size. */
static bool pixels_parse_range(const char *option, const char *text, size_t size,
                               struct pixels_range *range, struct error *error)
{
    const char *colon = strchr(text, ':');
    uint64_t first = 0, end = size;
    char before[32];
    bool ok = colon && (size_t)(colon - text) < sizeof(before);

    if (ok) {
        text_format(before, sizeof(before), "%.*s", (int)(colon - text), text);
        ok = (before[0] == '\0' || text_to_count(before, &first)) &&
             (colon[1] == '\0' || text_to_count(colon + 1, &end)) && first < end && end <= size;
    }
    if (!ok)
        return error_set(error, STATUS_USAGE,
                         ERROR_AT(.expected = TEXT("FIRST:END, within 0:%zu", size),
                                  .found = TEXT("'%.100s'", text)),
                         "%s", option);
    *range = (struct pixels_range){(size_t)first, (size_t)end};
    return true;
}

/* The value that most pixels have: what is not it is something. */
static unsigned pixels_most_common(const uint8_t *pixels, size_t count)
{
    uint64_t counts[MAX_VALUE + 1] = {0};
    unsigned most = 0;

    for (size_t i = 0; i < count; i++)
        counts[pixels[i]]++;
    for (unsigned value = 0; value <= MAX_VALUE; value++)
        if (counts[value] > counts[most])
            most = value;
    return most;
}

/* The stretch of length of weights [count] with the largest sum; of equal ones the middle. */
static struct pixels_range pixels_heaviest(const uint64_t *weights, size_t count, size_t length)
{
    uint64_t sum = 0, best = 0;
    size_t first_best = 0, last_best = 0, start;

    for (size_t i = 0; i < count; i++) {
        sum += weights[i];
        if (i >= length)
            sum -= weights[i - length];
        if (i + 1 < length)
            continue;
        start = i + 1 - length;
        if (i + 1 == length || sum > best) {
            best = sum;
            first_best = start;
        }
        if (sum == best &&
            (last_best < first_best || start == last_best + 1 || start == first_best))
            last_best = start;
    }
    start = (first_best + last_best) / 2;
    return (struct pixels_range){start, start + length};
}

/* A window of at most max_rows x max_columns, where the options do not say which. */
static bool pixels_choose_window(const struct show_options *options,
                                 const struct image_shape *image, const uint8_t *pixels,
                                 size_t max_rows, size_t max_columns, struct pixels_window *window,
                                 struct error *error)
{
    unsigned common = pixels_most_common(pixels, image_num_values(image));
    uint64_t *of_rows = NULL, *of_columns = NULL;
    bool ok = memory_allocate(&of_rows, image->height, sizeof(*of_rows), error) &&
              memory_allocate(&of_columns, image->width, sizeof(*of_columns), error);

    for (size_t i = 0; i < image_num_values(image) && ok; i++) {
        uint64_t weight = (uint64_t)abs((int)pixels[i] - (int)common);

        of_rows[i / image->channels / image->width] += weight;
        of_columns[i / image->channels % image->width] += weight;
    }
    if (ok) {
        window->rows = pixels_heaviest(of_rows, image->height,
                                       image->height < max_rows ? image->height : max_rows);
        window->columns = pixels_heaviest(of_columns, image->width,
                                          image->width < max_columns ? image->width : max_columns);
    }
    free(of_rows);
    free(of_columns);
    return ok &&
           (!options->rows ||
            pixels_parse_range("--rows", options->rows, image->height, &window->rows, error)) &&
           (!options->columns || pixels_parse_range("--columns", options->columns, image->width,
                                                    &window->columns, error));
}

/* Digits of the row numbers. */
static size_t pixels_label_width(const struct image_shape *image)
{
    size_t width = 1;

    for (size_t last = image->height - 1; last >= 10; last /= 10)
        width++;
    return width;
}

static uint8_t pixels_value(const struct image_shape *image, const uint8_t *pixels, size_t y,
                            size_t x, size_t channel)
{
    return pixels[(y * image->width + x) * image->channels + channel];
}

/* Gray as ink on paper; a channel of a colour as the light that it is. */
static struct colour pixels_ground(const struct image_shape *image, size_t channel, uint8_t value)
{
    if (image->channels == 1)
        return colour_of(COLOUR_MAP_GREYS, value / (double)MAX_VALUE);
    return (struct colour){channel == 0 ? value : 0, channel == 1 ? value : 0,
                           channel == 2 ? value : 0};
}

/* ---- on the terminal ---- */

/* The columns of a terminal that tables side by side take. */
static size_t pixels_width(const struct image_shape *image, size_t num_tables, size_t num_columns)
{
    return pixels_label_width(image) + num_tables * num_columns * CELL_COLUMNS +
           (num_tables - 1) * CHANNEL_GAP;
}

/* How many columns of an image there is room for, of one channel or of all side by side. */
static size_t pixels_room(const struct show *show, const struct image_shape *image)
{
    size_t count = 1, num_tables = image->channels;

    if (pixels_width(image, num_tables, MIN_COLUMNS_BESIDE) > show->terminal.columns)
        num_tables = 1;
    while (pixels_width(image, num_tables, count + 1) <= show->terminal.columns)
        count++;
    return count;
}

/* The numbers of the columns, above them the channels. */
static void pixels_print_heads(const struct show *show, const struct image_shape *image,
                               const struct pixels_window *window, size_t first, size_t end)
{
    size_t num_columns = window->columns.end - window->columns.first;
    int label_width = (int)pixels_label_width(image);

    for (size_t c = first; c < end && image->channels > 1; c++) {
        bool is_last = c + 1 == end;

        printf("%*s%*s", c == first ? label_width : CHANNEL_GAP, "", CELL_COLUMNS - 3, "");
        printf("%-*s", is_last ? 0 : (int)(num_columns * CELL_COLUMNS) - (CELL_COLUMNS - 3),
               channel_names[c]);
    }
    if (image->channels > 1)
        putchar('\n');
    terminal_set_faint(&show->terminal, stdout);
    for (size_t c = first; c < end; c++) {
        printf("%*s", c == first ? label_width : CHANNEL_GAP, "");
        for (size_t x = window->columns.first; x < window->columns.end; x++)
            printf("%*zu", CELL_COLUMNS, x);
    }
    terminal_set_plain(&show->terminal, stdout);
    putchar('\n');
}

/* A table of the channels from first on that are before end, side by side. */
static void pixels_print(const struct show *show, const struct image_shape *image,
                         const uint8_t *pixels, const struct pixels_window *window, size_t first,
                         size_t end)
{
    const struct terminal *terminal = &show->terminal;
    const size_t num_columns = window->columns.end - window->columns.first;

    pixels_print_heads(show, image, window, first, end);
    for (size_t y = window->rows.first; y < window->rows.end; y++) {
        terminal_set_faint(terminal, stdout);
        printf("%*zu", (int)pixels_label_width(image), y);
        terminal_set_plain(terminal, stdout);
        for (size_t i = 0; i < (end - first) * num_columns; i++) {
            size_t channel = first + i / num_columns, x = window->columns.first + i % num_columns;
            uint8_t value = pixels_value(image, pixels, y, x, channel);
            struct colour ground = pixels_ground(image, channel, value);

            if (i > 0 && i % num_columns == 0) {
                terminal_set_plain(terminal, stdout);
                printf("%*s", CHANNEL_GAP, "");
            }
            terminal_set_ground(terminal, stdout, ground);
            terminal_set_ink(terminal, stdout, colour_ink_on(ground));
            printf("%*d", CELL_COLUMNS, value);
        }
        terminal_set_plain(terminal, stdout);
        putchar('\n');
    }
}

/* The channels side by side where that fits, so that a pixel is seen as one; else one below the
 * other. */
static void pixels_print_all(const struct show *show, const struct image_shape *image,
                             const uint8_t *pixels, const struct pixels_window *window)
{
    size_t num_columns = window->columns.end - window->columns.first;

    /* The name of a channel is wider than one column. */
    if (num_columns > 1 &&
        pixels_width(image, image->channels, num_columns) <= show->terminal.columns) {
        pixels_print(show, image, pixels, window, 0, image->channels);
        return;
    }
    for (size_t c = 0; c < image->channels; c++)
        pixels_print(show, image, pixels, window, c, c + 1);
}

static void pixels_print_note(const struct show *show, const char *what,
                              const struct pixels_range *range, size_t size, bool is_asked_for)
{
    if (range->end - range->first < size)
        terminal_text_wrap(stdout,
                           TEXT("%s %zu to %zu of %zu%s", what, range->first, range->end - 1, size,
                                is_asked_for ? "" : TEXT(": --%s FIRST:END shows others", what)),
                           0, 0, show->terminal.columns);
}

/* ---- as a picture ---- */

enum {
    CELL_WIDTH = 24, /* in dots of the font, which may be larger than pixels */
    CELL_HEIGHT = 13,
    MARGIN = 6,
    ENOUGH_WIDTH = 1600,
    MAX_FACTOR = 2,
    MAX_PICTURE_SIDE = 64, /* values, of a picture that chooses its window */
};

static void pixels_draw_text(struct raster *picture, size_t right, size_t top, size_t number,
                             size_t factor, struct colour ink)
{
    const char *text = TEXT("%zu", number);

    raster_text(picture, right - raster_text_width(text, factor), top, text, factor, ink);
}

static void pixels_draw(struct raster *picture, size_t top, const struct image_shape *image,
                        const uint8_t *pixels, const struct pixels_window *window, size_t channel,
                        size_t factor)
{
    static const struct colour faint = {120, 120, 120};
    const size_t width = CELL_WIDTH * factor, height = CELL_HEIGHT * factor;
    const size_t inset_y = 3 * factor, inset_x = 2 * factor;
    size_t left = MARGIN * factor + width;

    if (image->channels > 1)
        raster_text(picture, MARGIN * factor, top + inset_y, channel_names[channel], factor, faint);
    for (size_t x = window->columns.first; x < window->columns.end; x++)
        pixels_draw_text(picture, left + (x - window->columns.first + 1) * width - inset_x,
                         top + inset_y + (image->channels > 1 ? height : 0), x, factor, faint);
    top += height * (image->channels > 1 ? 2 : 1);
    for (size_t y = window->rows.first; y < window->rows.end; y++, top += height) {
        pixels_draw_text(picture, left - 2 * inset_x, top + inset_y, y, factor, faint);
        for (size_t x = window->columns.first; x < window->columns.end; x++) {
            uint8_t value = pixels_value(image, pixels, y, x, channel);
            size_t at = left + (x - window->columns.first) * width;

            raster_fill(picture, at, top, width, height, pixels_ground(image, channel, value));
            pixels_draw_text(picture, at + width - inset_x, top + inset_y, value, factor,
                             colour_ink_on(pixels_ground(image, channel, value)));
        }
    }
}

static bool pixels_write_png(const struct show *show, const struct image_shape *image,
                             const uint8_t *pixels, const struct pixels_window *window,
                             struct error *error)
{
    size_t num_columns = window->columns.end - window->columns.first;
    size_t num_rows = window->rows.end - window->rows.first;
    size_t factor = ENOUGH_WIDTH / (num_columns * CELL_WIDTH), table;
    struct raster picture = {0};
    bool ok;

    factor = factor < 1 ? 1 : factor > MAX_FACTOR ? MAX_FACTOR : factor;
    table = (num_rows + (image->channels > 1 ? 3 : 1)) * CELL_HEIGHT * factor;
    ok = raster_create(&picture, ((num_columns + 1) * CELL_WIDTH + 2 * MARGIN) * factor,
                       table * image->channels + 2 * MARGIN * factor, colour_white, error);
    for (size_t c = 0; c < image->channels && ok; c++)
        pixels_draw(&picture, MARGIN * factor + c * table, image, pixels, window, c, factor);
    ok = ok && show_write_png(show, &picture, error);
    raster_free(&picture);
    return ok;
}

bool show_pixels(const struct show *show, struct error *error)
{
    const struct show_options *options = show->options;
    struct store *store = NULL;
    struct show_sample sample = {0};
    struct pixels_window window = {0};
    const struct image_shape *image = NULL;
    size_t room = 0;
    bool ok = show_open_store(show, &store, error) && show_sample_read(show, store, &sample, error);

    if (ok) {
        image = store_image_shape(store);
        room = pixels_room(show, image);
        ok = pixels_choose_window(options, image, sample.pixels,
                                  options->png ? MAX_PICTURE_SIDE : MAX_ROWS,
                                  options->png ? MAX_PICTURE_SIDE : room, &window, error);
    }
    if (ok) {
        show_sample_print(show, store, &sample);
        if (options->png)
            ok = pixels_write_png(show, image, sample.pixels, &window, error);
        else
            pixels_print_all(show, image, sample.pixels, &window);
    }
    if (ok) {
        pixels_print_note(show, "rows", &window.rows, image->height, options->rows != NULL);
        pixels_print_note(show, "columns", &window.columns, image->width, options->columns != NULL);
    }
    show_sample_free(&sample);
    store_close(store);
    return ok;
}
