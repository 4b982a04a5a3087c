/*
 * Which images go to train, valid and test where the source does not say: drawn by a keyed hash of
 * each path, of its group or of its contents, and shared out within each class.  A pure function of
 * what it is given, the same on every machine.
 *
 * Without folds, a class of n images gives round(n F) to a split of fraction F, and keeps at least
 * one in train.  Images are in the order of their hashes: valid takes from the front, test from the
 * end.  So an image that is added moves at most the one at each border.
 */
#ifndef QUERN_INGEST_SPLIT_H
#define QUERN_INGEST_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum { SPLIT_MAX_FOLDS = 100 };

struct split_rules {
    bool has_valid, has_test;
    double valid_fraction, test_fraction; /* their sum is below 1 */
    uint64_t num_folds;                   /* 0: no folds; else SPLIT_MAX_FOLDS at most */
    uint64_t fold;                        /* 1 to num_folds: the one that is valid */
    uint64_t seed;
    const char *group_by; /* a POSIX extended regular expression, or NULL */
    bool by_content;      /* equal contents are a group */
};

/* Are images shared out at all? */
static inline bool split_is_wanted(const struct split_rules *rules)
{
    return rules->has_valid || rules->has_test || rules->num_folds > 0;
}

/* Can the expression be compiled?  STATUS_USAGE says what is wrong with it. */
bool split_check_group_by(const char *expression, struct error *error);

#define SPLIT_NO_LABEL UINT32_MAX

struct split_images {
    size_t count;
    const char *const *paths; /* [count] */
    const uint32_t *labels;   /* [count] below num_classes, or SPLIT_NO_LABEL: not shared out */
    /* [count] by contents_of, with by_content; 0: not known, as of a file that is no image. */
    const uint64_t *contents;
    size_t num_classes;
    /* The paths begin with the name of a split, which is left out of what is hashed: so the images
     * of train/ fall as those of a source that is train/ itself. */
    bool have_split_names;
    /* Paths are sorted, and those that are equal up to the first dot of their names are a group,
     * without group_by and by_content: it goes where its first path would go. */
    bool are_keyed;
};

struct split_outcome {
    uint64_t num_images;    /* that were shared out */
    uint64_t num_groups;    /* of one image or more */
    uint64_t num_unmatched; /* images whose paths the expression does not match */
};

/*
 * Shares out the images of SPLIT_TRAIN in splits [count], which holds values of enum split.  All of
 * a group go to one split: groups in the order of their hashes, first those that fit into what a
 * split still lacks of each class, then those that bring it nearer to that.  With folds, image
 * groups go one after another, large ones first, to the fold that lacks their classes most; single
 * images by the order of their hashes, so that all folds of a class differ by at most one image.
 */
bool split_draw(const struct split_rules *rules, const struct split_images *images, uint8_t *splits,
                struct split_outcome *outcome, struct error *error);

#endif
