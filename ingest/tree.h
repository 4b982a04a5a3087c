/*
 * From paths to samples: which split and which class each image belongs to.  The layout is
 * SPLIT/CLASS/...png, or CLASS/...png with a split by hash, at any depth below CLASS.
 */
#ifndef QUERN_INGEST_TREE_H
#define QUERN_INGEST_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/text_list.h"
#include "formats/store/store.h"
#include "images/sources/scan.h"
#include "images/sources/source.h"

struct tree_rules {
    /* False: SPLIT/CLASS.  True: CLASS, and an image is in valid when the hash of its path, keyed
     * by seed, falls below the fraction; so adding files moves no other. */
    bool is_split_by_hash;
    double valid_fraction; /* 0 to less than 1 */
    uint64_t seed;
    const struct text_list *classes; /* in this order; empty: all, in natural order */
};

#define TREE_LEFT_OUT UINT32_MAX

struct tree_class {
    const char *name;
    uint32_t label; /* TREE_LEFT_OUT: not in rules->classes */
    bool has_folder[NUM_SPLITS];
    uint64_t num_images[NUM_SPLITS];
};

struct tree {
    struct text_list classes;       /* [C], by label */
    struct tree_class *all_classes; /* bytewise by name, those left out too */
    size_t num_all_classes;
    size_t first[NUM_SPLITS + 1]; /* split s has rows first[s] .. first[s + 1] - 1 */
    const char **paths;           /* [rows], bytewise within a split; they live in the scan */
    size_t *images;               /* [rows] index of each in the scan */
    uint32_t *labels;             /* [rows] */
    const char *split_folders[NUM_SPLITS]; /* the name each split has in the source, or NULL */
    uint64_t num_outside;                  /* images that lie in no class folder */
};

/* The rules by which a folder has to be scanned for tree_build. */
struct scan_rules tree_scan_rules(const struct tree_rules *rules);

/* The scan must outlive the tree.  STATUS_USAGE or STATUS_DATA say what is wrong with the tree. */
bool tree_build(const char *source, const struct scan *scan, const struct tree_rules *rules,
                struct tree *tree, struct error *error);
void tree_free(struct tree *tree);

/* NULL if there is no class of that name. */
const struct tree_class *tree_find_class(const struct tree *tree, const char *name);
/* True for "train", "valid", "val" and so on. */
bool tree_is_split_folder(const char *name);

static inline size_t tree_num_rows(const struct tree *tree)
{
    return tree->first[NUM_SPLITS];
}

static inline struct source_image tree_image(const struct tree *tree, size_t row)
{
    return (struct source_image){tree->paths[row], tree->images[row]};
}

/* ---- for people: tree_report.c ---- */

/* "train   12,396 images in 2 classes:  3 6,131   7 6,265", a line or more for each split. */
void tree_print(const struct tree *tree, FILE *stream);

/* What a person should know: what was ignored or left out and what is missing, a line each with
 * names escaped, added to notes. */
bool tree_list_notes(const struct tree *tree, const struct scan *scan,
                     const struct tree_rules *rules, struct text_list *notes, struct error *error);

#endif
