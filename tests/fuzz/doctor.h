/*
 * Doctored files: whole HDF5 files, made with the HDF5 library, that hold what none of ours would.
 * An input is a list of edits of a good file: objects removed, replaced by others of any type,
 * shape, layout and filter, attributes rewritten, links put in the way.
 */
#ifndef QUERN_TESTS_FUZZ_DOCTOR_H
#define QUERN_TESTS_FUZZ_DOCTOR_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes template to a file of this process's own, edits it and returns its path, which later calls
 * use again; it is gone when the process ends.  names are the objects to choose from, NULL at the
 * end.
 */
const char *doctor_make(const void *template, size_t template_nbytes, const char *const *names,
                        const uint8_t *edits, size_t num_edit_bytes);

/* Before any other use of HDF5: it must not try to end with what it could not close. */
void doctor_begin(void);

/* Reading it has left no object of HDF5 open. */
void doctor_demand_all_closed(void);

#endif
