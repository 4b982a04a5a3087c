#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/markup.h"

enum {
    MAX_CLASSES = 20,
    SAMPLES_EACH = 10,
    STRIP_LENGTH = 5, /* samples of a picture: as many as a narrow page takes */
    NUM_STRIPS = SAMPLES_EACH / STRIP_LENGTH,
    SAMPLES_NBYTES = 350000,
    MEANS_NBYTES = 150000,
    STRIP_SIDE = 64, /* pixels of a sample on the page, about */
    MEAN_SIDE = 96,
    STRIP_MAX_PIXELS = 64, /* of a side, in a strip */
    MAX_NAME = 40,
};

/* The classes that are shown: all, or as many evenly chosen ones. */
static uint32_t samples_choose_class(size_t index, size_t num_shown, size_t num_classes)
{
    return (uint32_t)(index * num_classes / num_shown);
}

/* ---- samples, a strip for each class ---- */

/* Rows of SAMPLES_EACH samples, evenly spaced in each shown class: rows [num_shown][SAMPLES_EACH];
 * num_rows [num_shown] of them. */
static bool samples_find(const struct section *section, size_t num_shown, uint64_t *rows,
                         size_t *num_rows)
{
    const struct report_run *run = section->run;
    size_t num_classes = run->figures->num_classes;
    uint64_t *seen = NULL;
    uint32_t *places = NULL;
    bool ok = memory_allocate(&seen, num_classes, sizeof(*seen), section->error) &&
              memory_allocate(&places, num_classes, sizeof(*places), section->error);

    for (size_t i = 0; i < num_classes && ok; i++)
        places[i] = UINT32_MAX;
    for (size_t i = 0; i < num_shown && ok; i++)
        places[samples_choose_class(i, num_shown, num_classes)] = (uint32_t)i;
    for (uint64_t i = 0; i < run->num_samples && ok; i++) {
        uint32_t label = run->labels[i], place = places[label];
        uint64_t total = run->figures->classes[label].num_samples;
        uint64_t wanted = total < SAMPLES_EACH ? total : SAMPLES_EACH;

        if (place != UINT32_MAX && num_rows[place] < wanted &&
            seen[label] == num_rows[place] * total / wanted)
            rows[place * SAMPLES_EACH + num_rows[place]++] = run->rows[i];
        seen[label]++;
    }
    free(places);
    free(seen);
    return ok;
}

/* Samples of one class side by side, one pixel apart. */
static bool samples_draw_strip(const struct section *section, const uint64_t *rows, size_t count,
                               struct raster *strip)
{
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++) {
        struct raster picture = {0};

        ok = section_read_picture(section, section->request->split, rows[i], STRIP_MAX_PIXELS,
                                  &picture);
        if (ok && i == 0)
            ok = raster_create(strip, count * (picture.width + 1) - 1, picture.height,
                               (struct colour){128, 128, 128}, section->error);
        if (ok)
            raster_put(strip, i * (picture.width + 1), 0, &picture, 1);
        raster_free(&picture);
    }
    return ok;
}

static bool samples_draw_strips(const struct section *section, size_t num_shown,
                                struct section_pictures *pictures, uint32_t *labels)
{
    uint64_t *rows = NULL;
    size_t *num_rows = NULL, count = 0;
    size_t num_classes = section->run->figures->num_classes;
    bool ok = memory_allocate(&rows, num_shown * SAMPLES_EACH, sizeof(*rows), section->error) &&
              memory_allocate(&num_rows, num_shown, sizeof(*num_rows), section->error) &&
              section_pictures_create(pictures, NUM_STRIPS * num_shown, section->error) &&
              samples_find(section, num_shown, rows, num_rows);

    for (size_t i = 0; i < num_shown && ok; i++) {
        for (size_t first = 0; first < num_rows[i] && ok; first += STRIP_LENGTH) {
            size_t rest = num_rows[i] - first;

            labels[count] = samples_choose_class(i, num_shown, num_classes);
            ok = samples_draw_strip(section, rows + i * SAMPLES_EACH + first,
                                    rest < STRIP_LENGTH ? rest : STRIP_LENGTH,
                                    &pictures->rasters[count++]);
        }
    }
    pictures->count = count;
    free(num_rows);
    free(rows);
    return ok;
}

static bool samples_write_strips(const struct section *section, size_t num_shown)
{
    struct section_pictures pictures = {0};
    uint32_t labels[NUM_STRIPS * MAX_CLASSES]; /* of the pictures */
    bool ok = samples_draw_strips(section, num_shown, &pictures, labels);
    FILE *stream = section->stream;

    if (ok && pictures.count > 0) {
        size_t width = pictures.rasters[0].width;
        size_t factor = STRIP_SIDE / pictures.rasters[0].height;

        ok = section_pictures_encode(&pictures, width * (factor ? factor : 1), SAMPLES_NBYTES,
                                     section->error);
    }
    if (ok) {
        fprintf(stream, "<dl class=\"strips\">\n");
        for (size_t i = 0; i < pictures.count; i++) {
            if (i == 0 || labels[i] != labels[i - 1]) {
                fputs(i == 0 ? "<dt>" : "</dd>\n<dt>", stream);
                markup_text_cut(stream, section_class_name(section, labels[i]), MAX_NAME);
                fputs("</dt><dd>", stream);
            }
            section_picture_write(
                stream, &pictures, i,
                TEXT("Samples of class %s", SECTION_NAME(section_class_name(section, labels[i]))));
        }
        fputs("</dd>\n</dl>\n", stream);
    }
    section_pictures_destroy(&pictures);
    return ok;
}

/* ---- class means ---- */

static bool samples_draw_mean(const struct section *section, enum split split, uint32_t class,
                              struct raster *raster)
{
    const struct image_shape *shape = store_image_shape(section->store);
    size_t num_values = image_num_values(shape);
    float *mean = NULL;
    uint8_t *pixels = NULL;
    bool ok = memory_allocate(&mean, num_values, sizeof(*mean), section->error) &&
              memory_allocate(&pixels, num_values, 1, section->error) &&
              store_read_class_mean(section->store, split, class, mean, section->error);

    for (size_t i = 0; i < num_values && ok; i++) {
        double value = mean[i] > 0 ? mean[i] < 1 ? (double)mean[i] : 1 : 0;

        pixels[i] = (uint8_t)(value * 255 + 0.5);
    }
    ok = ok && section_make_picture(section, pixels, SECTION_DENSITY * MEAN_SIDE, raster);
    free(pixels);
    free(mean);
    return ok;
}

static bool samples_write_means(const struct section *section, enum split split)
{
    const struct text_list *classes = store_classes(section->store);
    size_t num_shown = classes->count < MAX_CLASSES ? classes->count : MAX_CLASSES;
    struct section_pictures pictures = {0};
    FILE *stream = section->stream;
    bool ok = section_pictures_create(&pictures, num_shown, section->error);

    for (size_t i = 0; i < num_shown && ok; i++)
        ok = samples_draw_mean(section, split, samples_choose_class(i, num_shown, classes->count),
                               &pictures.rasters[i]);
    ok = ok && section_pictures_encode(&pictures, MEAN_SIDE, MEANS_NBYTES, section->error);
    if (ok) {
        fprintf(stream,
                "<h3>Mean of each class</h3>\n<p class=\"note\">Of the %s samples%s.</p>\n"
                "<ul class=\"tiles\">\n",
                split_names[split],
                num_shown < classes->count ? TEXT(", %zu of %zu classes", num_shown, classes->count)
                                           : "");
        for (size_t i = 0; i < num_shown; i++) {
            const char *name = classes->items[samples_choose_class(i, num_shown, classes->count)];

            fputs("<li><figure>", stream);
            section_picture_write(stream, &pictures, i,
                                  TEXT("Mean image of class %s", SECTION_NAME(name)));
            fputs("<figcaption>", stream);
            markup_text_cut(stream, name, MAX_NAME);
            fputs("</figcaption></figure></li>\n", stream);
        }
        fputs("</ul>\n", stream);
    }
    section_pictures_destroy(&pictures);
    return ok;
}

bool section_write_samples(const struct section *section)
{
    size_t num_classes = section->run->figures->num_classes;
    size_t num_shown = num_classes < MAX_CLASSES ? num_classes : MAX_CLASSES;
    enum split split =
        store_labels(section->store, SPLIT_TRAIN) ? SPLIT_TRAIN : section->request->split;
    bool ok;

    if (section->run->num_samples == 0)
        return true;
    page_begin_section(section->stream, "samples", "Samples");
    fprintf(section->stream, "<p>Up to %d of each class, evenly chosen from the %s split%s.</p>\n",
            SAMPLES_EACH, split_names[section->request->split],
            num_shown < num_classes ? TEXT(", for %zu of %zu classes", num_shown, num_classes)
                                    : "");
    ok = samples_write_strips(section, num_shown) && samples_write_means(section, split);
    page_end_section(section->stream);
    return ok;
}
