/* What comparing groups and comparing values share.  For files inside formats/ only. */
#ifndef QUERN_FORMATS_COMPARISON_INTERNAL_H
#define QUERN_FORMATS_COMPARISON_INTERNAL_H

#include "formats/comparison/comparison.h"
#include "formats/hdf5/hdf5.h"

/* Two open files, A and B.  Both contexts have one error record. */
struct comparison_pair {
    struct h5_context files[2];
    hid_t roots[2];
    struct comparison *comparison;
};

/* Notes a difference; place and what are cut to fit. */
void comparison_note(struct comparison *comparison, bool is_derived, const char *place,
                     const char *what);

/* Compares two datasets of one name. */
void comparison_compare_values(struct comparison_pair *pair, const char *name, bool is_derived);

#endif
