#include "show/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/run_files.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"
#include "formats/checkpoint/checkpoint_folder.h"
#include "formats/file/file_kind.h"

enum {
    ANY_NUMBER = -1,
    SHOW_KINDS_OF_RUNS = SHOW_KIND_RUN | SHOW_KIND_CHECKPOINT,
    SHOW_ALL_KINDS = 2 * SHOW_KIND_LIST - 1,
};

/* ---- the views ---- */

struct show_view {
    enum show_view_name name;
    const char *option; /* that asks for it, for messages; NULL: none */
    unsigned kinds;     /* of operands: show_kind */
    int min_operands, max_operands;
    bool needs_pictures; /* the terminal may be asked whether it has sixels */
    bool (*show)(const struct show *show, struct error *error);
};

static const struct show_view show_views[] = {
    {SHOW_SUMMARY, NULL, SHOW_KIND_STORE | SHOW_KIND_SHARD, 1, 1, false, show_store},
    {SHOW_IMAGE, "--image", SHOW_KIND_STORE | SHOW_KIND_SHARD, 1, 1, true, show_image},
    {SHOW_PIXELS, "--pixels", SHOW_KIND_STORE | SHOW_KIND_SHARD, 1, 1, false, show_pixels},
    {SHOW_MEAN, "--mean", SHOW_KIND_STORE, 1, 1, true, show_mean},
    {SHOW_GRID, "--grid", SHOW_KIND_STORE | SHOW_KIND_SHARD, 1, 1, true, show_grid},
    {SHOW_FUNCTION, "--function", 0, 0, 0, false, show_function},
    {SHOW_SUMMARY, NULL, SHOW_KINDS_OF_RUNS, 1, 1, false, show_training},
    {SHOW_SUMMARY, NULL, SHOW_KINDS_OF_RUNS, 2, ANY_NUMBER, false, show_runs},
    {SHOW_SUMMARY, NULL, SHOW_KIND_EVALUATION, 1, 1, false, show_evaluation},
    {SHOW_WEIGHTS, "--weights", SHOW_KINDS_OF_RUNS, 1, 1, true, show_weights},
    {SHOW_MISTAKES, "--mistakes", SHOW_KIND_EVALUATION, 1, 1, true, show_mistakes},
    {SHOW_FOLLOW, "--follow", SHOW_KIND_RUN, 1, 1, false, show_follow},
    {SHOW_DIFF, "--diff", SHOW_ALL_KINDS, 2, 2, false, show_diff},
};

enum { NUM_VIEWS = sizeof(show_views) / sizeof(show_views[0]) };

/* ---- what is named ---- */

static const struct {
    enum show_kind kind;
    enum file_kind file_kind; /* FILE_KIND_OTHER: no file */
    const char *name;
} show_kinds[] = {
    {SHOW_KIND_STORE, FILE_KIND_STORE, "quern store"},
    {SHOW_KIND_SHARD, FILE_KIND_SHARD, "quern shard"},
    {SHOW_KIND_CHECKPOINT, FILE_KIND_CHECKPOINT, "quern checkpoint"},
    {SHOW_KIND_EVALUATION, FILE_KIND_EVALUATION, "quern evaluation"},
    {SHOW_KIND_PREDICTIONS, FILE_KIND_PREDICTIONS, "quern predictions"},
    {SHOW_KIND_TABLE, FILE_KIND_TABLE, "table of predictions"},
    {SHOW_KIND_LIST, FILE_KIND_LIST, "quern list"},
    {SHOW_KIND_RUN, FILE_KIND_OTHER, "run directory"},
};

enum { NUM_KINDS = sizeof(show_kinds) / sizeof(show_kinds[0]) };

const char *show_kind_name(enum show_kind kind)
{
    for (size_t i = 0; i < NUM_KINDS; i++)
        if (show_kinds[i].kind == kind)
            return show_kinds[i].name;
    return "another file";
}

static bool show_find_directory(const char *path, enum show_kind *kind, struct error *error)
{
    struct checkpoint_folder list = {0};
    bool ok = checkpoint_folder_list(path, &list, error), has_log = false;
    char *log_path = NULL;

    if (ok && asprintf(&log_path, "%s/log.jsonl", path) >= 0)
        has_log = file_exists(log_path);
    else if (ok)
        ok = error_set_memory(error, strlen(path) + 16);
    free(ok ? log_path : NULL);
    if (ok && list.count == 0 && !has_log)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                       "a directory without checkpoints (epoch-NNNN.h5) or a log.jsonl; "
                       "quern-ingest makes a store of a directory of images");
    *kind = SHOW_KIND_RUN;
    checkpoint_folder_free(&list);
    return ok;
}

static bool show_find_kind(const char *path, enum show_kind *kind, struct error *error)
{
    enum file_kind found;

    if (file_is_directory(path))
        return show_find_directory(path, kind, error);
    if (!file_kind_find(path, &found, error))
        return false;
    if (found == FILE_KIND_NONE)
        return error_set(error, STATUS_IO, ERROR_AT(.file = path), "there is no such file");
    for (size_t i = 0; i < NUM_KINDS; i++) {
        if (show_kinds[i].file_kind == found && found != FILE_KIND_OTHER) {
            *kind = show_kinds[i].kind;
            return true;
        }
    }
    if (found == FILE_KIND_PNG)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                         "is a picture, which quern-ingest puts into a store with others");
    return error_set(error, STATUS_DATA, ERROR_AT(.file = path), "is no HDF5 file of quern%s%s",
                     found == FILE_KIND_OTHER ? "" : ", but a ",
                     found == FILE_KIND_OTHER ? "" : file_kind_name(found));
}

/* A directory that is followed may hold nothing yet, and need not be there. */
static bool show_may_wait(const struct show_options *options, const char *path,
                          enum show_kind *kind)
{
    *kind = SHOW_KIND_RUN;
    return options->view == SHOW_FOLLOW && (file_is_directory(path) || !file_exists(path));
}

/* ---- the choice ---- */

/* The names of kinds, "A, B or C". */
static const char *show_list_kinds(unsigned kinds, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < NUM_KINDS && used < size; i++) {
        if (!(kinds & show_kinds[i].kind))
            continue;
        kinds &= ~(unsigned)show_kinds[i].kind;
        used += (size_t)snprintf(text + used, size - used, "%s%s",
                                 used == 0 ? ""
                                 : kinds   ? ", "
                                           : " or ",
                                 show_kinds[i].name);
    }
    return text;
}

/* Why no view takes these operands. */
static bool show_refuse(const struct show *show, unsigned kinds, struct error *error)
{
    const struct show_options *options = show->options;
    const char *option = NULL;
    char names[256];
    unsigned taken = 0;

    for (size_t v = 0; v < NUM_VIEWS; v++) {
        if (show_views[v].name == options->view) {
            taken |= show_views[v].kinds;
            option = show_views[v].option;
        }
    }
    if (options->num_operands == 0)
        return error_set(error, STATUS_USAGE, NULL, "what to show is missing: a file");
    for (size_t i = 0; i < options->num_operands; i++)
        if (!(show->kinds[i] & taken))
            return error_set(error, STATUS_DATA,
                             ERROR_AT(.file = options->operands[i],
                                      .expected = show_list_kinds(taken, names, sizeof(names)),
                                      .found = show_kind_name(show->kinds[i])),
                             "%s",
                             option ? TEXT("%s is for another kind of file", option)
                                    : "nothing can be shown of it");
    return error_set(error, STATUS_USAGE,
                     ERROR_AT(.found = TEXT("%zu (%s)", options->num_operands,
                                            show_list_kinds(kinds, names, sizeof(names)))),
                     options->view == SHOW_DIFF ? "%s takes two files"
                     : option                   ? "%s takes one file"
                                                : "several files are shown together where all are "
                                                  "run directories or checkpoints",
                     option);
}

static const struct show_view *show_choose(const struct show *show, struct error *error)
{
    const int num_operands = (int)show->options->num_operands;
    unsigned kinds = 0;

    for (int i = 0; i < num_operands; i++)
        kinds |= show->kinds[i];
    for (size_t v = 0; v < NUM_VIEWS; v++) {
        const struct show_view *view = &show_views[v];

        if (view->name == show->options->view && !(kinds & ~view->kinds) &&
            num_operands >= view->min_operands &&
            (num_operands <= view->max_operands || view->max_operands == ANY_NUMBER))
            return view;
    }
    show_refuse(show, kinds, error);
    return NULL;
}

/* The picture takes the place of nothing that is read, of no file of a run either. */
static bool show_check_png(const struct show *show, struct error *error)
{
    const struct show_options *options = show->options;
    bool is_of_run = false;

    if (!options->png)
        return true;
    if (options->store && !show_check_png_store(show, options->store, error))
        return false;
    for (size_t i = 0; i < options->num_operands; i++) {
        if (file_is_same(options->png, options->operands[i]))
            return error_set(error, STATUS_USAGE, ERROR_AT(.file = options->png),
                             "--png names a file that is read: give it another name");
        if (show->kinds[i] & SHOW_KINDS_OF_RUNS &&
            !run_files_include(options->operands[i], options->png, &is_of_run, error))
            return false;
        if (is_of_run)
            return error_set(error, STATUS_USAGE, ERROR_AT(.file = options->png),
                             "--png names a file of the run: give it another name");
    }
    return file_kind_check_output(options->png, FILE_KIND_PNG, options->force, error);
}

bool show_check_png_store(const struct show *show, const char *store_path, struct error *error)
{
    const char *png = show->options->png;

    return !png || !file_is_same(png, store_path) ||
           error_set(error, STATUS_USAGE, ERROR_AT(.file = png),
                     "--png names the store that is read: give it another name");
}

bool show_run(const struct show_options *options, bool *is_different, struct error *error)
{
    struct show show = {.options = options, .is_different = is_different};
    struct terminal_wish wish = options->terminal;
    const struct show_view *view = NULL;
    enum show_kind *kinds = NULL;
    bool ok = memory_allocate(&kinds, options->num_operands, sizeof(*kinds), error);

    show.kinds = kinds;
    for (size_t i = 0; i < options->num_operands && ok; i++)
        ok = show_may_wait(options, options->operands[i], &kinds[i]) ||
             show_find_kind(options->operands[i], &kinds[i], error);
    ok = ok && (view = show_choose(&show, error)) != NULL && show_check_png(&show, error);
    if (ok) {
        wish.may_ask = view->needs_pictures && !options->png;
        ok = terminal_find(&show.terminal, &wish, error) && view->show(&show, error);
    }
    free(kinds);
    return ok;
}
