/*
 * How directories stand for splits and classes: classes in splits, splits in classes, or classes
 * alone.  What can be read in two ways is asked about: refused, with what was found and the option
 * that decides.
 */
#ifndef QUERN_INGEST_LAYOUT_H
#define QUERN_INGEST_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "formats/store/store.h"
#include "images/sources/scan.h"
#include "ingest/split.h"

enum layout_kind {
    LAYOUT_SPLIT_CLASS,
    LAYOUT_CLASS_SPLIT,
    LAYOUT_CLASS,    /* without splits */
    LAYOUT_LABELLED, /* by the labels of the images, which name splits too */
};

/* What the user says it is. */
enum layout_choice { LAYOUT_UNDECIDED, LAYOUT_SPLITS, LAYOUT_CLASSES };

/* "splits", "classes": the choice less 1 is the index. */
extern const char *const layout_choices[];

struct layout_rules {
    enum layout_choice choice;
    const struct split_rules *split; /* splits that are made, of train or of classes without */
    bool may_be_unsplit;             /* classes alone are fine where none are made, too */
    bool has_unlabelled;
    enum split
        unlabelled; /* whose images have no class, wherever they lie in the split's directory */
};

struct layout {
    enum layout_kind kind;
    /* The directory of each split at the top; NULL: it has none. */
    const char *split_directories[NUM_SPLITS];
    bool has_unlabelled;
    enum split unlabelled;
};

/* The rules by which a source has to be scanned for layout_find. */
struct scan_rules layout_scan_rules(const struct layout_rules *rules);

/* Names in the layout live in the scan. */
bool layout_find(const char *source, const struct scan *scan, const struct layout_rules *rules,
                 struct layout *layout, struct error *error);

enum layout_place {
    LAYOUT_OUTSIDE, /* in no class directory */
    LAYOUT_IN_CLASS,
    LAYOUT_UNLABELLED, /* in the split without labels */
};

struct layout_position {
    enum layout_place place;
    bool has_split; /* a directory says which; always but for LAYOUT_CLASS */
    enum split split;
    const char *class; /* of a class: its name, the first class_length bytes */
    size_t class_length;
};

/* Where a path lies: that of an image, or of a directory, which is_directory says. */
struct layout_position layout_locate(const struct layout *layout, const char *path,
                                     bool is_directory);

/* True for "train", "Valid", "val" and so on, of which it finds the split. */
bool layout_find_split(const char *name, size_t length, enum split *split);
bool layout_is_split(const char *name);

#endif
