/* Several pictures with a caption each, on the terminal or in a file. */
#include "show/show.h"
#include "view/sheet.h"

enum {
    FILE_SIDE = 168, /* pixels to which each is enlarged in a file, so that its caption has room */
    FILE_MAX_COLUMNS = 8,
};

/* As wide as high, about. */
static size_t show_pictures_columns(size_t count)
{
    size_t columns = 1;

    while (columns < FILE_MAX_COLUMNS && columns * columns < count)
        columns++;
    return columns;
}

bool show_pictures(const struct show *show, const struct sheet_tile *tiles, size_t count,
                   struct error *error)
{
    const struct raster *first = &tiles[0].picture;
    size_t longest = first->width > first->height ? first->width : first->height;
    struct sheet sheet = {.tiles = tiles, .count = count, .scale = show->options->scale};
    struct raster picture = {0};
    bool ok;

    if (!show->options->png)
        return sheet_print(stdout, &show->terminal, &sheet, NULL, error);
    sheet.columns = show_pictures_columns(count);
    if (sheet.scale == 0)
        sheet.scale = (FILE_SIDE + longest - 1) / longest;
    ok = sheet_to_raster(&sheet, &picture, error) && show_write_png(show, &picture, error);
    raster_free(&picture);
    return ok;
}
