/*
 * A sheet: pictures of one size side by side in rows, each with a caption below: samples, class
 * means, filters, mistakes.
 */
#ifndef QUERN_VIEW_SHEET_H
#define QUERN_VIEW_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"
#include "view/raster.h"
#include "view/terminal/terminal.h"

struct sheet_tile {
    struct raster picture; /* all of a sheet are of one size */
    const char *caption;   /* of outside: escaped and cut where it is shown; may be NULL */
};

struct sheet {
    const struct sheet_tile *tiles; /* [count] */
    size_t count;
    size_t columns; /* tiles of a row; 0: as many as fit */
    size_t scale;   /* 0: what fits */
};

/*
 * On the terminal.  Where a row of columns tiles would make them too small to be made out, rows
 * have fewer; returns false on failure alone.  num_columns, if not NULL, is how many a row has.
 */
bool sheet_print(FILE *stream, const struct terminal *terminal, const struct sheet *sheet,
                 size_t *num_columns, struct error *error);

/* As a picture, for a file: captions in the font of dots, on white. */
bool sheet_to_raster(const struct sheet *sheet, struct raster *result, struct error *error);

#endif
