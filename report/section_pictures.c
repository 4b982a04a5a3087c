#include <stdlib.h>

#include "common/base64.h"
#include "common/memory.h"
#include "report/section.h"
#include "view/png_write.h"
#include "view/svg/markup.h"

/* To which sides pictures are reduced at most, until all of them fit into the page. */
enum { MIN_SIDE = 8 };

bool section_pictures_create(struct section_pictures *pictures, size_t count, struct error *error)
{
    *pictures = (struct section_pictures){.count = count};
    return memory_allocate(&pictures->rasters, count, sizeof(*pictures->rasters), error) &&
           memory_allocate(&pictures->pngs, count, sizeof(*pictures->pngs), error) &&
           memory_allocate(&pictures->png_nbytes, count, sizeof(*pictures->png_nbytes), error);
}

static void section_pictures_drop_pngs(struct section_pictures *pictures)
{
    for (size_t i = 0; pictures->pngs && i < pictures->count; i++) {
        free(pictures->pngs[i]);
        pictures->pngs[i] = NULL;
    }
}

void section_pictures_destroy(struct section_pictures *pictures)
{
    section_pictures_drop_pngs(pictures);
    for (size_t i = 0; pictures->rasters && i < pictures->count; i++)
        raster_free(&pictures->rasters[i]);
    free(pictures->rasters);
    free(pictures->pngs);
    free(pictures->png_nbytes);
    *pictures = (struct section_pictures){0};
}

bool section_reduce_picture(struct raster *result, const struct raster *source, size_t max_side,
                            struct error *error)
{
    size_t larger = source->width > source->height ? source->width : source->height;
    size_t width = source->width * max_side / larger, height = source->height * max_side / larger;

    if (larger <= max_side)
        return raster_resize(result, source, source->width, source->height, error);
    return raster_resize(result, source, width > 0 ? width : 1, height > 0 ? height : 1, error);
}

/* The PNG of a picture whose sides are max_side at most. */
static bool section_pictures_encode_one(struct section_pictures *pictures, size_t i,
                                        size_t max_side, struct error *error)
{
    const struct raster *source = &pictures->rasters[i];
    struct raster reduced = {0};
    bool ok;

    if (source->width <= max_side && source->height <= max_side)
        return png_write_bytes(source, &pictures->pngs[i], &pictures->png_nbytes[i], error);
    ok = section_reduce_picture(&reduced, source, max_side, error) &&
         png_write_bytes(&reduced, &pictures->pngs[i], &pictures->png_nbytes[i], error);
    raster_free(&reduced);
    return ok;
}

/* On the page: small pictures take a whole multiple of their size, so that their pixels are square,
 * and all pictures are to one scale. */
static size_t section_pictures_shown(const struct section_pictures *pictures, size_t size)
{
    size_t shown = pictures->larger <= pictures->side
                       ? size * (pictures->side / pictures->larger)
                       : (size * pictures->side + pictures->larger / 2) / pictures->larger;

    return shown > 0 ? shown : 1;
}

bool section_pictures_encode(struct section_pictures *pictures, size_t side, size_t max_nbytes,
                             struct error *error)
{
    if (pictures->count == 0)
        return true;
    pictures->side = side;
    pictures->larger = pictures->rasters[0].width > pictures->rasters[0].height
                           ? pictures->rasters[0].width
                           : pictures->rasters[0].height;
    for (size_t max_side = SECTION_DENSITY * side;; max_side = max_side * 3 / 4) {
        size_t total = 0;

        section_pictures_drop_pngs(pictures);
        for (size_t i = 0; i < pictures->count; i++) {
            if (!section_pictures_encode_one(pictures, i, max_side, error))
                return false;
            total += base64_length(pictures->png_nbytes[i]);
        }
        if (total <= max_nbytes || max_side <= MIN_SIDE)
            break;
    }
    return true;
}

void section_picture_write(FILE *stream, const struct section_pictures *pictures, size_t index,
                           const char *alt)
{
    /* Pictures of many pixels are photographs, which look better smoothed. */
    bool is_smooth = pictures->larger > pictures->side;
    const struct raster *raster = &pictures->rasters[index];

    fprintf(stream, "<img%s width=\"%zu\" height=\"%zu\" alt=\"",
            is_smooth ? " class=\"smooth\"" : "", section_pictures_shown(pictures, raster->width),
            section_pictures_shown(pictures, raster->height));
    markup_text(stream, alt);
    fputs("\" src=\"data:image/png;base64,", stream);
    base64_write(stream, pictures->pngs[index], pictures->png_nbytes[index]);
    fputs("\">", stream);
}

bool section_make_picture(const struct section *section, const uint8_t *pixels, size_t max_side,
                          struct raster *raster)
{
    const struct image_shape *shape = store_image_shape(section->store);
    struct raster whole = {0};
    bool ok;

    if (shape->width <= max_side && shape->height <= max_side)
        return raster_from_image(raster, shape, pixels, section->error);
    ok = raster_from_image(&whole, shape, pixels, section->error) &&
         section_reduce_picture(raster, &whole, max_side, section->error);
    raster_free(&whole);
    return ok;
}

bool section_read_picture(const struct section *section, enum split split, uint64_t row,
                          size_t max_side, struct raster *raster)
{
    uint8_t *pixels = NULL;
    bool ok = memory_allocate(&pixels, image_num_values(store_image_shape(section->store)), 1,
                              section->error) &&
              store_read_pixels(section->store, split, row, 1, 1, pixels, section->error) &&
              section_make_picture(section, pixels, max_side, raster);

    free(pixels);
    return ok;
}
