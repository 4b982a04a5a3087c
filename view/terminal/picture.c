#include "view/terminal/picture.h"

#include "view/terminal/kitty.h"
#include "view/terminal/sixel.h"

enum {
    MAX_COLUMNS = 64, /* to which a picture is enlarged */
    MAX_FACTOR = 16,  /* by which */
    ROWS_BESIDE = 4,  /* of a terminal, for what is said of the picture */
    MIN_ROWS = 8,
};

/* Pixels are drawn as pixels, not as cells. */
static bool picture_is_exact(const struct terminal *terminal)
{
    return terminal->graphics == TERMINAL_GRAPHICS_SIXEL ||
           terminal->graphics == TERMINAL_GRAPHICS_KITTY;
}

/* Two pixels share a cell. */
static bool picture_has_halves(const struct terminal *terminal)
{
    return terminal->graphics == TERMINAL_GRAPHICS_BLOCKS && terminal->is_utf8;
}

size_t picture_unit_columns(const struct terminal *terminal)
{
    return picture_is_exact(terminal) ? terminal->cell_width : 1;
}

size_t picture_unit_rows(const struct terminal *terminal)
{
    return picture_is_exact(terminal)     ? terminal->cell_height
           : picture_has_halves(terminal) ? 2
                                          : 1;
}

/* How many times as high as wide a unit is. */
static size_t picture_unit_aspect(const struct terminal *terminal)
{
    return picture_is_exact(terminal) || picture_has_halves(terminal) ? 1 : 2;
}

struct picture_size picture_measure(const struct terminal *terminal, size_t width, size_t height,
                                    size_t max_columns, size_t max_rows, size_t scale)
{
    const size_t aspect = picture_unit_aspect(terminal);
    const size_t unit_columns = picture_unit_columns(terminal);
    const size_t unit_rows = picture_unit_rows(terminal);
    const size_t room_x = max_columns * unit_columns;
    const size_t room_y = max_rows ? max_rows * unit_rows : RASTER_MAX_SIDE;
    size_t enough = MAX_COLUMNS * unit_columns / (width * aspect);
    size_t factor = room_x / (width * aspect);
    struct picture_size size;

    factor = room_y / height < factor ? room_y / height : factor;
    enough = enough > MAX_FACTOR && !picture_is_exact(terminal) ? MAX_FACTOR : enough;
    enough = enough > 0 ? enough : 1;
    if (scale > 0)
        factor = scale < factor ? scale : factor;
    else if (factor > enough)
        factor = enough;
    if (factor > 0) {
        size.width = width * aspect * factor;
        size.height = height * factor;
    } else {
        /* Letters that are pixels are sharper than those that are one and a half. */
        size.width = room_x < width ? room_x : width;
        size.height = height * size.width / (width * aspect);
        if (size.height > room_y) {
            size.height = room_y;
            size.width = width * aspect * room_y / height;
        }
        size.width += size.width == 0;
        size.height += size.height == 0;
    }
    size.columns = (size.width + unit_columns - 1) / unit_columns;
    size.rows = (size.height + unit_rows - 1) / unit_rows;
    return size;
}

/* ---- cells ---- */

static bool picture_is_same(struct colour a, struct colour b)
{
    return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

/* What the cells before have set, so that it is not said again. */
struct picture_pen {
    bool has_ink, has_ground;
    struct colour ink, ground;
};

static void picture_pen_ground(FILE *stream, const struct terminal *terminal,
                               struct picture_pen *pen, struct colour colour)
{
    if (!pen->has_ground || !picture_is_same(pen->ground, colour))
        terminal_set_ground(terminal, stream, colour);
    pen->has_ground = true;
    pen->ground = colour;
}

static void picture_pen_ink(FILE *stream, const struct terminal *terminal, struct picture_pen *pen,
                            struct colour colour)
{
    if (!pen->has_ink || !picture_is_same(pen->ink, colour))
        terminal_set_ink(terminal, stream, colour);
    pen->has_ink = true;
    pen->ink = colour;
}

static void picture_draw_hole(FILE *stream, const struct terminal *terminal,
                              struct picture_pen *pen)
{
    terminal_set_plain(terminal, stream);
    fputc(' ', stream);
    *pen = (struct picture_pen){0};
}

/* Two rows of pixels a line: the upper halves of cells in ink, what is behind them below. */
static void picture_draw_halves(FILE *stream, const struct terminal *terminal,
                                const struct raster *units, const struct picture_tiles *tiles)
{
    for (size_t y = 0; y < units->height; y += 2) {
        struct picture_pen pen = {0};

        for (size_t x = 0; x < units->width; x++) {
            struct colour upper = raster_get(units, x, y);

            if (picture_is_hole(tiles, x, y)) {
                picture_draw_hole(stream, terminal, &pen);
            } else if (y + 1 == units->height) {
                /* Below the last row is the terminal's own ground. */
                picture_pen_ink(stream, terminal, &pen, upper);
                fputs("\u2580", stream);
            } else if (picture_is_same(upper, raster_get(units, x, y + 1))) {
                picture_pen_ground(stream, terminal, &pen, upper);
                fputc(' ', stream);
            } else {
                picture_pen_ink(stream, terminal, &pen, upper);
                picture_pen_ground(stream, terminal, &pen, raster_get(units, x, y + 1));
                fputs("\u2580", stream);
            }
        }
        terminal_set_plain(terminal, stream);
        fputc('\n', stream);
    }
}

static void picture_draw_blanks(FILE *stream, const struct terminal *terminal,
                                const struct raster *units, const struct picture_tiles *tiles)
{
    for (size_t y = 0; y < units->height; y++) {
        struct picture_pen pen = {0};

        for (size_t x = 0; x < units->width; x++) {
            if (picture_is_hole(tiles, x, y)) {
                picture_draw_hole(stream, terminal, &pen);
                continue;
            }
            picture_pen_ground(stream, terminal, &pen, raster_get(units, x, y));
            fputc(' ', stream);
        }
        terminal_set_plain(terminal, stream);
        fputc('\n', stream);
    }
}

/* Letters by the lightness that a pixel has as a number, so that equal steps of gray are equal
 * steps of ink. */
static void picture_draw_letters(FILE *stream, const struct raster *units,
                                 const struct picture_tiles *tiles)
{
    static const char letters[] = " .:-=+*#%@";
    const unsigned num_letters = sizeof(letters) - 1;
    char line[RASTER_MAX_SIDE + 1];

    for (size_t y = 0; y < units->height; y++) {
        size_t end = units->width;

        for (size_t x = 0; x < units->width; x++) {
            struct colour colour = raster_get(units, x, y);
            unsigned luma = (299u * colour.red + 587u * colour.green + 114u * colour.blue) / 1000;

            line[x] = picture_is_hole(tiles, x, y) ? ' ' : letters[luma * num_letters / 256];
        }
        while (end > 0 && line[end - 1] == ' ')
            end--;
        fprintf(stream, "%.*s\n", (int)end, line);
    }
}

bool picture_draw(FILE *stream, const struct terminal *terminal, const struct raster *units,
                  const struct picture_tiles *tiles, struct error *error)
{
    bool ok = true;

    switch (terminal->graphics) {
    case TERMINAL_GRAPHICS_SIXEL:
        ok = sixel_write(stream, units, tiles, error);
        fputc('\n', stream);
        break;
    case TERMINAL_GRAPHICS_KITTY:
        ok = kitty_write(stream, units, tiles, error);
        fputc('\n', stream);
        break;
    case TERMINAL_GRAPHICS_BLOCKS:
        if (picture_has_halves(terminal))
            picture_draw_halves(stream, terminal, units, tiles);
        else
            picture_draw_blanks(stream, terminal, units, tiles);
        break;
    case TERMINAL_GRAPHICS_TEXT:
        picture_draw_letters(stream, units, tiles);
        break;
    }
    return ok;
}

size_t picture_max_rows(const struct terminal *terminal)
{
    if (terminal->rows == 0)
        return terminal->columns;
    return terminal->rows > MIN_ROWS + ROWS_BESIDE ? terminal->rows - ROWS_BESIDE : MIN_ROWS;
}

bool picture_print(FILE *stream, const struct terminal *terminal, const struct raster *picture,
                   size_t scale, struct error *error)
{
    struct picture_size size =
        picture_measure(terminal, picture->width, picture->height, terminal->columns,
                        picture_max_rows(terminal), scale);
    struct raster units = {0};
    bool ok = raster_resize(&units, picture, size.width, size.height, error) &&
              picture_draw(stream, terminal, &units, &(struct picture_tiles){0}, error);

    raster_free(&units);
    return ok;
}
