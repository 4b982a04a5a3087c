/*
 * How HDF5 reads and writes files of ours: a driver (H5FD) under it that is like HDF5's own for
 * POSIX files and writes the same bytes, with three differences.
 *
 * - It opens nothing: it reads and writes a descriptor that it is given.  A file that HDF5 itself
 *   wants to open, because a link or a virtual dataset leads there, cannot be opened.
 * - HDF5 cannot close a file whose last writes failed; it keeps it half open and crashes at the end
 *   of the program.  So the driver tells HDF5 that all writes succeed, writes nothing more to a
 *   file after its first failure, and keeps the error: whoever closes a written file asks for it.
 * - It notes the checksums of what it writes, for the seal.
 *
 * It locks nothing (formats/file/atomic_file.h does).  Not thread-safe, as serial HDF5 is not.
 */
#ifndef QUERN_FORMATS_HDF5_DRIVER_H
#define QUERN_FORMATS_HDF5_DRIVER_H

#include <hdf5.h>
#include <stdbool.h>

#include "formats/file/seal.h"

/* What lies under one open HDF5 file. */
struct h5_storage;

/*
 * For a descriptor that is_owned (closed by h5_storage_release) or is the caller's.  sums may be
 * NULL.  NULL without memory.
 */
struct h5_storage *h5_storage_create(int descriptor, bool is_owned, struct seal_sums *sums);

/* After H5Fclose.  HDF5 may keep a file that it could not close: it cannot use the descriptor any
 * more.  NULL is fine. */
void h5_storage_release(struct h5_storage *storage);

/* The errno of the first call of the system that has failed for this file, or 0. */
int h5_storage_errno(const struct h5_storage *storage);

/* Whether the file's bytes can be trusted: its seal was checked, or we write it.  True at first. */
void h5_storage_set_trusted(struct h5_storage *storage, bool is_trusted);
bool h5_storage_is_trusted(const struct h5_storage *storage);

/* Makes a file that is opened or created by this access list use the storage; negative on failure.
 */
herr_t h5_driver_choose(hid_t access_list, struct h5_storage *storage);

#endif
