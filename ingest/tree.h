/*
 * From paths to samples: which split and which class each image belongs to.  The layout is
 * SPLIT/CLASS/...png, or CLASS/...png, which is all train, at any depth below CLASS; or the scan
 * has a labelling, and where images lie does not matter.  Images of train are then shared out to
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
#include "ingest/split.h"

struct tree_rules {
    bool has_labels; /* a table of labels tells splits and classes, whatever the directories */
    struct split_rules split;
    bool may_be_unsplit; /* CLASS/ is fine, too, where no split is asked for */
    bool deduplicate;    /* once contents are known */
    /* By contents_of (ingest/contents.h), of each image of the scan; NULL: not known yet. */
    const uint64_t *contents;
    const struct text_list *classes; /* in this order; empty: all, in natural order */
};

#define TREE_LEFT_OUT UINT32_MAX

struct tree_class {
    const char *name;
    uint32_t label; /* TREE_LEFT_OUT: not in rules->classes */
    bool has_directory[NUM_SPLITS];
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
    const char *split_directories[NUM_SPLITS]; /* the name each split has in the source, or NULL */
    uint64_t num_outside; /* images that lie in no class directory, or have no label */
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
/* True for "train", "valid", "val" and so on. */
bool tree_is_split_directory(const char *name);

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
