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

/* In words: "unsigned integers of 64 bits", "2 x 3". */
const char *file_comparison_format_type(char text[64], H5T_class_t type_class, bool is_signed,
                                        size_t type_nbytes);
const char *file_comparison_format_shape(char text[128], size_t rank, const hsize_t *shape);

/* Compares two datasets of one name. */
void file_comparison_compare_values(struct file_comparison_pair *pair, const char *name,
                                    bool is_derived);

#endif
