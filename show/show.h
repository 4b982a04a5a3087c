/*
 * quern-show: what is in a file of quern.  What is named (a store, ...) and what is asked for (its
 * summary, an image, ...) choose a view from the table of show.c; each view is a function that
 * opens the files, prints to standard output, and fails as all else does.
 *
 * How to add a view: its name in show_options.h, its option in show_options.c, its function here
 * and its line in the table.
 */
#ifndef QUERN_SHOW_SHOW_H
#define QUERN_SHOW_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "show/show_options.h"
#include "view/terminal/terminal.h"

struct raster;
struct sheet_tile;
struct store;

/* What an operand can be, as bits of a view's kinds. */
enum show_kind {
    SHOW_KIND_STORE = 1 << 0,
    SHOW_KIND_SHARD = 1 << 1,
    SHOW_KIND_CHECKPOINT = 1 << 2,
    SHOW_KIND_RUN = 1 << 3, /* a directory with checkpoints or a log */
    SHOW_KIND_EVALUATION = 1 << 4,
    SHOW_KIND_PREDICTIONS = 1 << 5,
    SHOW_KIND_TABLE = 1 << 6, /* predictions as text */
    SHOW_KIND_LIST = 1 << 7,  /* of paths */
};

struct show {
    const struct show_options *options;
    struct terminal terminal;
    const enum show_kind *kinds; /* [options->num_operands] */
    bool *is_different;          /* what --diff finds */
};

/* "quern store", ..., "run directory". */
const char *show_kind_name(enum show_kind kind);

/* Finds what the operands are, and runs the view.  *is_different: two files that --diff compared
 * are. */
bool show_run(const struct show_options *options, bool *is_different, struct error *error);

/* A picture that was asked for: enlarged, on the terminal or, with --png, in the file. */
bool show_picture(const struct show *show, const struct raster *picture, struct error *error);
/* STATUS_USAGE where --png names the store that a view reads. */
bool show_check_png_store(const struct show *show, const char *store_path, struct error *error);
/* Writes a picture as it is to the file of --png, and says so. */
bool show_write_png(const struct show *show, const struct raster *picture, struct error *error);

/* Pictures with captions, one or more, likewise. */
bool show_pictures(const struct show *show, const struct sheet_tile *tiles, size_t count,
                   struct error *error);

/* ---- the views: all print what they show, and take what show_run has checked ---- */

/* Opens the store that is the only operand. */
bool show_open_store(const struct show *show, struct store **store, struct error *error);

bool show_store(const struct show *show, struct error *error);
bool show_image(const struct show *show, struct error *error);
bool show_pixels(const struct show *show, struct error *error);
bool show_mean(const struct show *show, struct error *error);
bool show_grid(const struct show *show, struct error *error);
bool show_function(const struct show *show, struct error *error);
bool show_training(const struct show *show, struct error *error);
bool show_runs(const struct show *show, struct error *error);
bool show_follow(const struct show *show, struct error *error);
bool show_weights(const struct show *show, struct error *error);
bool show_evaluation(const struct show *show, struct error *error);
bool show_mistakes(const struct show *show, struct error *error);
bool show_diff(const struct show *show, struct error *error);

#endif
