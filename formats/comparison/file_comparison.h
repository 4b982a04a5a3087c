/*
 * Two files of one kind compared: the same bytes, the same contents, or what differs, in words.
 *
 * Contents are the values and attributes of an HDF5 file, not how they are stored: chunks,
 * compression, file format and seal may differ.  HDF5's dimension labels are not compared.  Files
 * of text and lists of paths have no contents but their bytes.
 *
 * Memory is bounded: values are read in stretches of a mebibyte, or of a chunk if that is more.
 */
#ifndef QUERN_FORMATS_FILE_COMPARISON_H
#define QUERN_FORMATS_FILE_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/file/file_kind.h"

enum { FILE_COMPARISON_MAX_KEPT = 16 };

enum file_comparison_result {
    FILE_COMPARISON_SAME_BYTES,
    FILE_COMPARISON_SAME_CONTENTS,
    FILE_COMPARISON_DIFFERENT
};

/* One attribute or dataset that differs.  Texts of the files are in it as they are: escape them. */
struct difference {
    char place[320]; /* "/train/labels", "attribute seed of /config" */
    char what[1400]; /* where it first differs, and both values, A's and B's; one clause a line */
};

/* Those of a list that were kept, and how many there are in all. */
struct difference_list {
    uint64_t count;
    struct difference kept[FILE_COMPARISON_MAX_KEPT];
};

struct file_comparison {
    enum file_comparison_result result;
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
bool file_comparison_run(const char *const paths[2], int num_threads,
                         struct file_comparison *comparison, struct error *error);

#endif
