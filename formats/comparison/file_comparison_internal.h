/* What comparing groups and comparing values share.  For files inside formats/ only. */
#ifndef QUERN_FORMATS_FILE_COMPARISON_INTERNAL_H
#define QUERN_FORMATS_FILE_COMPARISON_INTERNAL_H

#include "formats/comparison/file_comparison.h"
#include "formats/hdf5/hdf5.h"

/* Two open files, A and B.  Both contexts have one error record. */
struct file_comparison_pair {
    struct h5_context files[2];
    hid_t roots[2];
    struct file_comparison *comparison;
};

/* Notes a difference; place and what are cut to fit. */
void file_comparison_note(struct file_comparison *comparison, bool is_derived, const char *place,
                          const char *what);

/* Compares two datasets of one name. */
void file_comparison_compare_values(struct file_comparison_pair *pair, const char *name,
                                    bool is_derived);

#endif
