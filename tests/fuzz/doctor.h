/*
 * Doctored files: whole HDF5 files, made with the HDF5 library, that hold what none of ours would.
 * An input is a list of edits of a good file: objects removed, replaced by others of any type,
 * shape, layout and filter, attributes rewritten, links put in the way.
 */
#ifndef QUERN_TESTS_FUZZ_DOCTOR_H
#define QUERN_TESTS_FUZZ_DOCTOR_H

#include <stddef.h>
#include <stdint.h>

#include "tests/rot/contents.h"

/* Writes a good file into the folder, with what it needs beside it; returns its name there. */
typedef const char *doctor_writer(const char *folder);

/*
 * Has a good file written on the first call, edits a copy of it, in the same place, and demands
 * that the reader succeeds or reports bad data in that file, opens no other file, waits for none,
 * and leaves no HDF5 object open.  names are the objects to choose from, NULL at the end.  A process
 * tries one kind of file, and its folder is gone when it ends.
 */
void doctor_try_reader(doctor_writer *write_good, const char *const *names, const uint8_t *edits,
                       size_t num_edit_bytes, contents_reader *reader);

#endif
