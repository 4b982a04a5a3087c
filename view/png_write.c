#include "view/png_write.h"

#include <stdlib.h>

#include "common/file.h"
#include "common/memory.h"
#include "formats/file/atomic_file.h"
#include "images/png_file.h"

/* The first channel of all pixels, if the other two are the same throughout; else NULL. */
static uint8_t *png_write_find_gray(const struct raster *raster)
{
    size_t count = raster->width * raster->height;
    const uint8_t *pixels = raster->pixels;
    uint8_t *gray;

    for (size_t i = 0; i < count; i++)
        if (pixels[3 * i] != pixels[3 * i + 1] || pixels[3 * i] != pixels[3 * i + 2])
            return NULL;
    gray = malloc(count);
    for (size_t i = 0; gray && i < count; i++)
        gray[i] = pixels[3 * i];
    return gray;
}

bool png_write_bytes(const struct raster *raster, void **bytes, size_t *nbytes, struct error *error)
{
    uint8_t *gray = png_write_find_gray(raster);
    bool ok = png_file_write_pixels(gray ? gray : raster->pixels, (uint32_t)raster->width,
                                    (uint32_t)raster->height, gray ? 1 : RASTER_CHANNELS, bytes,
                                    nbytes, error);

    free(gray);
    return ok;
}

bool png_write_file(const char *path, const struct raster *raster, bool is_forced,
                    struct error *error)
{
    struct atomic_file file = {.descriptor = -1};
    void *bytes = NULL;
    size_t nbytes = 0;
    bool ok = png_write_bytes(raster, &bytes, &nbytes, error) &&
              atomic_file_begin(&file, path, FILE_KIND_PNG, is_forced, error) &&
              file_write(file.descriptor, path, bytes, nbytes, error) &&
              atomic_file_commit_unsealed(&file, error);

    atomic_file_abandon(&file);
    free(bytes);
    return ok;
}
