/*
 * Two files of one kind compared: the same bytes, the same contents, or what differs, in words.
 *
 * Contents are the values and attributes of an HDF5 file, not how they are stored: chunks,
 * compression, file format and seal may differ.  HDF5's dimension labels are not compared.  Files
 * of text and lists of paths have no contents but their bytes.
 *
 * Memory is bounded: values are read in stretches of a mebibyte, or of a chunk if that is more.
 */
#ifndef QUERN_FORMATS_COMPARISON_H
#define QUERN_FORMATS_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/file/file_kind.h"

enum { COMPARISON_MAX_KEPT = 16 };

enum comparison_result { COMPARISON_SAME_BYTES, COMPARISON_SAME_CONTENTS, COMPARISON_DIFFERENT };

/* One attribute or dataset that differs.  Texts of the files are in it as they are: escape them. */
struct difference {
    char place[320]; /* "/train/labels", "attribute seed of /config" */
    char what[1400]; /* where it first differs, and both values, A's and B's; one clause a line */
};

/* Those of a list that were kept, and how many there are in all. */
struct difference_list {
    uint64_t count;
    struct difference kept[COMPARISON_MAX_KEPT];
};

struct comparison {
    enum comparison_result result;
    enum file_kind kinds[2];
    uint64_t nbytes[2];
    bool is_sealed[2]; /* of HDF5 files whose contents were compared */
    struct difference_list differences;
    /* Checksums, fingerprints, means: they differ because something else does. */
    struct difference_list derived;
};

/*
 * Compares the files at two paths.  STATUS_DATA for a file that is none of quern's or is damaged;
 * files of two kinds are different.  num_threads check the seals.
 */
bool comparison_run(const char *const paths[2], int num_threads, struct comparison *comparison,
                    struct error *error);

#endif
