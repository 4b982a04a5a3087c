/*
 * Pictures as PNG: in memory, for pages and terminals, or as a file.
 */
#ifndef QUERN_VIEW_PNG_WRITE_H
#define QUERN_VIEW_PNG_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "view/raster.h"

/*
 * *bytes is malloc'ed and belongs to the caller.  A picture of grays alone is written as gray.  The
 * same picture gives the same bytes under the same zlib.
 */
bool png_write_bytes(const struct raster *raster, void **bytes, size_t *nbytes,
                     struct error *error);

/*
 * Writes atomically: path holds the whole picture or what it held before.  STATUS_DATA for a path
 * that is a file and no PNG, unless is_forced.
 */
bool png_write_file(const char *path, const struct raster *raster, bool is_forced,
                    struct error *error);

#endif
