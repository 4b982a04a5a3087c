#include "view/sheet.h"

#include <string.h>

#include "view/terminal/picture.h"
#include "view/terminal/terminal_text.h"

/* ---- on the terminal ---- */

enum {
    GAP_COLUMNS = 1,
    MIN_TILE_COLUMNS = 12,  /* in which a picture can be made out */
    MIN_EXACT_COLUMNS = 4,  /* of pixels rather than cells */
    GOOD_TILE_COLUMNS = 24, /* in which a picture is seen well, of those side by side */
    GOOD_TILES = 3,         /* beside each other, where the terminal is wide */
    MAX_CAPTION = 64,
};

static size_t sheet_tiles_in(size_t columns, size_t tile_columns)
{
    size_t count = (columns + GAP_COLUMNS) / (tile_columns + GAP_COLUMNS);

    return count > 0 ? count : 1;
}

/* Columns of a tile whose pixels are each one unit, or scale of them, as far as they fit. */
static size_t sheet_own_columns(const struct terminal *terminal, const struct sheet *sheet)
{
    size_t units = sheet->tiles[0].picture.width * (sheet->scale ? sheet->scale : 1);
    size_t unit_columns = picture_unit_columns(terminal);
    size_t columns = (units + unit_columns - 1) / unit_columns;

    return columns < terminal->columns ? columns : terminal->columns;
}

/* Pictures of which a row would have a single one are drawn smaller, if that is not asked for. */
static size_t sheet_share_columns(const struct terminal *terminal, const struct sheet *sheet,
                                  size_t own)
{
    size_t share = (terminal->columns + GAP_COLUMNS) / GOOD_TILES - GAP_COLUMNS;

    share = share > GOOD_TILE_COLUMNS ? share : GOOD_TILE_COLUMNS;
    return sheet->count > 1 && sheet->scale == 0 && sheet_tiles_in(terminal->columns, own) == 1
               ? share
               : own;
}

/* How many tiles a row has: as many as asked for where they can be made out. */
static size_t sheet_choose_columns(const struct terminal *terminal, const struct sheet *sheet)
{
    bool is_exact = picture_unit_columns(terminal) > 1;
    size_t min_columns = is_exact ? MIN_EXACT_COLUMNS : MIN_TILE_COLUMNS;
    size_t own = sheet_share_columns(terminal, sheet, sheet_own_columns(terminal, sheet));
    size_t columns, most;

    /* Captions need room too. */
    own = own > min_columns ? own : min_columns;
    columns = sheet->columns ? sheet->columns : sheet_tiles_in(terminal->columns, own);
    most = sheet_tiles_in(terminal->columns, min_columns);
    columns = columns < sheet->count ? columns : sheet->count;
    return columns < most ? columns : most;
}

static void sheet_print_captions(FILE *stream, const struct terminal *terminal,
                                 const struct sheet_tile *tiles, size_t count, size_t columns)
{
    char caption[TERMINAL_TEXT_SIZE(MAX_CAPTION)];
    size_t width = columns < MAX_CAPTION ? columns : MAX_CAPTION;
    bool has_any = false;

    for (size_t i = 0; i < count; i++)
        has_any = has_any || tiles[i].caption;
    if (!has_any)
        return;
    for (size_t i = 0; i < count; i++) {
        terminal_text_cut(caption, sizeof(caption), tiles[i].caption ? tiles[i].caption : "", width,
                          terminal->is_utf8);
        terminal_text_print(stream, caption, i + 1 < count ? columns + GAP_COLUMNS : 0, false);
    }
    fputc('\n', stream);
}

static bool sheet_print_row(FILE *stream, const struct terminal *terminal,
                            const struct sheet_tile *tiles, size_t count,
                            const struct picture_size *size, struct error *error)
{
    bool is_exact = picture_unit_columns(terminal) > 1;
    size_t unit_columns = picture_unit_columns(terminal), unit_rows = picture_unit_rows(terminal);
    size_t pitch = (size->columns + GAP_COLUMNS) * unit_columns;
    const struct picture_tiles tiles_of_row = {size->width, size->height, pitch - size->width};
    struct raster row = {0};
    bool ok = raster_create(&row, pitch * count - GAP_COLUMNS * unit_columns,
                            is_exact ? size->rows * unit_rows : size->height, colour_black, error);

    for (size_t i = 0; i < count && ok; i++) {
        struct raster units = {0};

        ok = raster_resize(&units, &tiles[i].picture, size->width, size->height, error);
        if (ok)
            raster_put(&row, i * pitch, 0, &units, 1);
        raster_free(&units);
    }
    ok = ok && picture_draw(stream, terminal, &row, &tiles_of_row, error);
    raster_free(&row);
    if (ok)
        sheet_print_captions(stream, terminal, tiles, count, size->columns);
    return ok;
}

bool sheet_print(FILE *stream, const struct terminal *terminal, const struct sheet *sheet,
                 size_t *num_columns, struct error *error)
{
    const struct raster *first = &sheet->tiles[0].picture;
    size_t columns, room, max_rows = picture_max_rows(terminal) - 1;
    struct picture_size size;
    bool ok = true;

    if (num_columns)
        *num_columns = 0;
    if (sheet->count == 0)
        return true;
    columns = sheet_choose_columns(terminal, sheet);
    room = (terminal->columns + GAP_COLUMNS) / columns - GAP_COLUMNS;
    size = picture_measure(terminal, first->width, first->height, room, max_rows, sheet->scale);
    if (num_columns)
        *num_columns = columns;
    for (size_t i = 0; i < sheet->count && ok; i += columns) {
        size_t count = sheet->count - i < columns ? sheet->count - i : columns;

        if (i > 0)
            fputc('\n', stream);
        ok = sheet_print_row(stream, terminal, sheet->tiles + i, count, &size, error);
    }
    return ok;
}

/* ---- as a picture ---- */

enum {
    MARGIN = 8,
    GAP = 6,
    ENOUGH = 96,              /* pixels to which a tile is enlarged */
    MAX_PICTURE_WIDTH = 1200, /* of a sheet that may choose its columns */
};

/* The caption cut to a number of letters. */
static void sheet_draw_caption(struct raster *result, size_t left, size_t top, const char *text,
                               size_t width)
{
    static const struct colour ink = {40, 40, 40};
    char caption[TERMINAL_TEXT_SIZE(MAX_CAPTION)];
    size_t letters = width / raster_text_width("x", 1);

    terminal_text_cut(caption, sizeof(caption), text, letters < MAX_CAPTION ? letters : MAX_CAPTION,
                      false);
    raster_text(result, left, top, caption, 1, ink);
}

bool sheet_to_raster(const struct sheet *sheet, struct raster *result, struct error *error)
{
    const struct raster *first = &sheet->tiles[0].picture;
    size_t longest = first->width > first->height ? first->width : first->height;
    size_t scale = sheet->scale ? sheet->scale : ENOUGH / longest > 0 ? ENOUGH / longest : 1;
    size_t width = first->width * scale, height = first->height * scale;
    size_t caption_height = 0, columns = sheet->columns, rows;

    for (size_t i = 0; i < sheet->count; i++)
        if (sheet->tiles[i].caption)
            caption_height = 2 + raster_text_height(1);
    if (columns == 0)
        columns = MAX_PICTURE_WIDTH / (width + GAP) > 0 ? MAX_PICTURE_WIDTH / (width + GAP) : 1;
    columns = columns < sheet->count ? columns : sheet->count;
    rows = (sheet->count + columns - 1) / columns;
    if (!raster_create(result, 2 * MARGIN - GAP + columns * (width + GAP),
                       2 * MARGIN - GAP + rows * (height + caption_height + GAP), colour_white,
                       error))
        return false;
    for (size_t i = 0; i < sheet->count; i++) {
        size_t left = MARGIN + i % columns * (width + GAP);
        size_t top = MARGIN + i / columns * (height + caption_height + GAP);

        raster_put(result, left, top, &sheet->tiles[i].picture, scale);
        if (sheet->tiles[i].caption)
            sheet_draw_caption(result, left, top + height + 2, sheet->tiles[i].caption, width);
    }
    return true;
}
