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
 * Writes template to an anonymous file, edits it and returns its descriptor; its name is
 * /proc/self/fd/DESCRIPTOR.  names are the objects to choose from, NULL at the end.
 */
int doctor_make(const void *template, size_t template_nbytes, const char *const *names,
                const uint8_t *edits, size_t num_edit_bytes);

#endif
