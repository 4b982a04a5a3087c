/*
 * From paths to samples: which split and which class each image belongs to.  The layout of
 * the directories tells (ingest/layout.h), and without splits all is train; or the scan has a
 * labelling, and where images lie does not matter.  Images of train are then shared out to
 * the splits that are asked for (ingest/split.h).
 */
#ifndef QUERN_INGEST_TREE_H
#define QUERN_INGEST_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"
#include "formats/store/store.h"
#include "images/sources/scan.h"
#include "images/sources/source.h"
#include "ingest/class_alike.h"
#include "ingest/layout.h"
#include "ingest/split.h"

struct tree_rules {
    bool has_labels; /* a table of labels tells splits and classes, whatever the directories */
    struct split_rules split;
    bool may_be_unsplit; /* CLASS/ is fine, too, where no split is asked for */
    bool deduplicate;    /* once contents are known */
    /* By contents_of (ingest/contents.h), of each image of the scan; NULL: not known yet. */
    const uint64_t *contents;
    const struct text_list *classes; /* in this order; empty: all, in natural order */
    enum layout_choice layout;
    bool has_unlabelled; /* this split's images get no labels */
    enum split unlabelled;
};

/* Labels of a class: it is not in rules->classes; no image is in it. */
#define TREE_LEFT_OUT UINT32_MAX
#define TREE_EMPTY (UINT32_MAX - 1)
/* The label of an image in a split without labels. */
#define TREE_NO_LABEL SPLIT_NO_LABEL

struct tree_class {
    const char *name;
    uint32_t label; /* or TREE_LEFT_OUT, or TREE_EMPTY */
    bool has_directory[NUM_SPLITS];
    uint64_t num_found[NUM_SPLITS];  /* where they lie */
    uint64_t num_images[NUM_SPLITS]; /* once splits are drawn and equal images left out */
};

/* Of all splits. */
static inline uint64_t tree_class_num_images(const struct tree_class *class)
{
    return class->num_images[SPLIT_TRAIN] + class->num_images[SPLIT_VALID] +
           class->num_images[SPLIT_TEST];
}

struct tree {
    struct text_list classes;       /* [C], by label */
    struct tree_class *all_classes; /* bytewise by name, those left out and empty ones too */
    size_t num_all_classes;
    struct class_alike *alike; /* [num_alike] classes with names that differ in case only */
    size_t num_alike;
    size_t first[NUM_SPLITS + 1]; /* split s has rows first[s] .. first[s + 1] - 1 */
    const char **paths;           /* [rows], bytewise within a split; they live in the scan */
    size_t *images;               /* [rows] index of each in the scan */
    uint32_t *labels;             /* [rows] */
    struct layout layout;
    uint64_t num_outside; /* images that lie in no class directory or have no label, without: */
    /* A split of which all images lie in no class directory, and how many they are; else 0. */
    uint64_t num_unlabelled[NUM_SPLITS];
    struct split_outcome drawn;
    /* Left out by deduplicate: images that equal one before, and all that equal one of another
     * class; of these the first, as "A is B". */
    uint64_t num_repeated, num_contradicting;
    struct text_list contradictions;
};

enum { TREE_MAX_CONTRADICTIONS = 5 };

/* The rules by which a source has to be scanned for tree_build. */
struct scan_rules tree_scan_rules(const struct tree_rules *rules);

/* The scan must outlive the tree.  STATUS_USAGE or STATUS_DATA say what is wrong with the tree. */
bool tree_build(const char *source, const struct scan *scan, const struct tree_rules *rules,
                struct tree *tree, struct error *error);
void tree_free(struct tree *tree);

/* NULL if there is no class of that name. */
const struct tree_class *tree_find_class(const struct tree *tree, const char *name);
/* Is it the split whose images have no labels? */
bool tree_is_unlabelled(const struct tree *tree, enum split split);

static inline size_t tree_num_rows(const struct tree *tree)
{
    return tree->first[NUM_SPLITS];
}

static inline struct source_image tree_image(const struct tree *tree, size_t row)
{
    return (struct source_image){tree->paths[row], tree->images[row]};
}

/* ---- digests ---- */

/*
 * A source is known again without reading it by a digest over path, size and time of last change of
 * all its images: each image has a hash, and the digest is over the hashes in the tree's order.
 */
enum { TREE_DIGEST_LENGTH = 16 };

uint64_t tree_hash_image(const char *path, const struct source_stamp *stamp);
/* Of hashes [count]. */
void tree_finish_digest(const uint64_t *hashes, size_t count, char digest[TREE_DIGEST_LENGTH + 1]);
/* Both: looks at all files, on num_threads threads. */
bool tree_digest(const struct source *source, const struct tree *tree, int num_threads,
                 char digest[TREE_DIGEST_LENGTH + 1], struct error *error);

/* Over the paths alone: whether two processes found the same files. */
void tree_digest_paths(const struct tree *tree, char digest[TREE_DIGEST_LENGTH + 1]);

#endif
