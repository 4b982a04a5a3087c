/*
 * The seal: one line of text after the end of the HDF5 file, with the CRC-32 of every byte before
 * it.  It is checked before HDF5 parses anything, because the HDF5 library itself may crash on a
 * damaged file.
 *
 *     quern seal 1 NNNNNNNNNNNNNNNNNNNN CCCCCCCC SSSSSSSS\n
 *
 * N: number of bytes before the line, decimal; C: their CRC-32, hexadecimal; S: the CRC-32 of the
 * line up to and with the space before S.  HDF5 takes no notice of bytes after its own end, and
 * cuts them off when it closes a file that was open for writing: what h5repack or h5py has written,
 * or has opened with "a" or "r+" alone, has no seal.
 */
#ifndef QUERN_FORMATS_SEAL_H
#define QUERN_FORMATS_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum { SEAL_NBYTES = 52 };

/* ---- writing ---- */

/* The CRC-32 of stretches of a file that were noted as they were written; {0} knows none. */
struct seal_sums {
    size_t count, capacity;
    struct seal_sum *items; /* by offset, without overlap */
};

/*
 * Notes that nbytes are now at offset; what was known of bytes there before is forgotten.  Without
 * memory nothing is known of them, which costs time alone.
 */
void seal_sums_note(struct seal_sums *sums, uint64_t offset, const void *bytes, size_t nbytes);
/* The file is nbytes long now: what was noted of bytes behind is forgotten. */
void seal_sums_cut(struct seal_sums *sums, uint64_t nbytes);
void seal_sums_free(struct seal_sums *sums);

/*
 * Appends the seal to a file that is open for reading and writing.  Bytes of which the sums know
 * nothing are read again.  name is for messages.
 */
bool seal_append(int descriptor, const char *name, const struct seal_sums *sums,
                 struct error *error);

/* ---- checking ---- */

/*
 * Refuses an open file (STATUS_DATA) whose length is not that of its seal or, if is_full, whose
 * bytes are not; for the latter it reads the whole file, on num_threads threads.  *is_sealed is
 * false for a file without a seal, which is no error.
 */
bool seal_check(int descriptor, const char *name, bool is_full, int num_threads, bool *is_sealed,
                struct error *error);

/* The same for the file at path; STATUS_IO for what is no regular file. */
bool seal_check_path(const char *path, bool is_full, int num_threads, bool *is_sealed,
                     struct error *error);

#endif
