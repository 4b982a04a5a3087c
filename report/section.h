/*
 * The sections of a report.  For files inside report/ only.
 */
#ifndef QUERN_REPORT_SECTION_H
#define QUERN_REPORT_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "formats/store/store.h"
#include "report/report.h"
#include "view/raster.h"

/* What the sections of a page are made from. */
struct section {
    FILE *stream;
    const struct report_request *request;
    const struct report_run *run; /* the one, or the best of several */
    struct store *store;
    struct error *error;
};

/* A section is left out where there is nothing to say. */
bool section_write_curves(const struct section *section);
bool section_write_confusion(const struct section *section);
bool section_write_classes(const struct section *section);
bool section_write_mistakes(const struct section *section);
bool section_write_scores(const struct section *section);
bool section_write_calibration(const struct section *section);
bool section_write_weights(const struct section *section);
bool section_write_samples(const struct section *section);
bool section_write_health(const struct section *section);
bool section_write_settings(const struct section *section);

/* The commands that lead to a run, as a part of a section; index tells those of several runs
 * apart. */
bool section_write_commands(const struct section *section, size_t index);

/* Two different runs and more: all of the page but its frame. */
bool section_write_comparison(const struct section *section, const struct report_run *runs,
                              size_t num_runs);

/* Of runs on the same samples, those that all get right or wrong; section->run is the best. */
bool section_write_agreement(const struct section *section, const struct report_run *runs,
                             size_t num_runs);

/* ---- what sections share ---- */

/* A name, whole characters of it, cut to some eighty bytes; lives as TEXT of common/text.h does. */
#define SECTION_NAME(name) text_make_utf8((char[84]){""}, 84, name)

const char *section_class_name(const struct section *section, uint32_t label);

/* The last part of the directory of a checkpoint, or of its own name where it is in none. */
const char *section_run_name(const struct report_run *run, char *buffer, size_t size);

/* "model", "linear" and such from /config; NULL where the setting is absent or no text. */
const char *section_setting_text(const struct report_run *run, const char *name);

/*
 * Pictures that are shown together, all at one scale, and what they may take of the page: they are
 * made smaller, all alike, until they do.
 */
struct section_pictures {
    size_t count;
    struct raster *rasters; /* [count]; owned */
    void **pngs;            /* [count]; owned */
    size_t *png_nbytes;     /* [count] */
    size_t side, larger;    /* the larger side of the first picture takes about side on the page */
};

/* Room for count pictures, to be filled by the caller; destroy them after a failure too. */
bool section_pictures_create(struct section_pictures *pictures, size_t count, struct error *error);
/* Makes the PNGs, of max_nbytes in all as base64; side is about how large they are shown. */
bool section_pictures_encode(struct section_pictures *pictures, size_t side, size_t max_nbytes,
                             struct error *error);
/* <img>; alt is escaped. */
void section_picture_write(FILE *stream, const struct section_pictures *pictures, size_t index,
                           const char *alt);
void section_pictures_destroy(struct section_pictures *pictures);

/* The picture in proportion, with no side above max_side. */
bool section_reduce_picture(struct raster *result, const struct raster *source, size_t max_side,
                            struct error *error);

/* Reads one row of a split of the store and makes a picture of it, with no side above max_side:
 * many such are in memory at a time. */
bool section_read_picture(const struct section *section, enum split split, uint64_t row,
                          size_t max_side, struct raster *raster);
/* The same of pixels [height][width][channels] of the store's images. */
bool section_make_picture(const struct section *section, const uint8_t *pixels, size_t max_side,
                          struct raster *raster);

/* Pixels of a picture for one of the page, at most: screens may have so many. */
enum { SECTION_DENSITY = 2 };

#endif
