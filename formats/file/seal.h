/*
 * The seal: one line of text after the end of the HDF5 file, with the CRC-32 of every byte before
 * it.  It is checked before HDF5 parses anything, because the HDF5 library itself may crash on a
 * damaged file.
 *
 *     quern seal 1 NNNNNNNNNNNNNNNNNNNN CCCCCCCC SSSSSSSS\n
 *
 * N: number of bytes before the line, decimal; C: their CRC-32, hexadecimal; S: the CRC-32 of the
 * line up to and with the space before S.  HDF5 takes no notice of bytes after its own end, and
 * cuts them off when it changes a file: what h5repack or h5py "r+" has written has no seal.
 */
#ifndef QUERN_FORMATS_SEAL_H
#define QUERN_FORMATS_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum { SEAL_NBYTES = 52 };

/* Appends the seal to a closed file.  name is for messages. */
bool seal_append(const char *path, const char *name, struct error *error);

/*
 * Refuses a file (STATUS_DATA) whose length is not that of its seal or, if is_full, whose bytes
 * are not; for the latter it reads the whole file, on num_threads threads.  *is_sealed is false
 * for a file without a seal, which is no error.  STATUS_IO for what is no regular file.
 */
bool seal_check(const char *path, const char *name, bool is_full, int num_threads, bool *is_sealed,
                struct error *error);

/* What a seal says. */
struct seal {
    uint64_t nbytes; /* before it */
    uint32_t crc32;  /* of them */
};

/* Reads the seal and checks the length, not the bytes.  A file without one is refused. */
bool seal_read(const char *path, const char *name, struct seal *seal, struct error *error);

#endif
