/*
 * How HDF5 reads and writes files of ours: a driver (H5FD) under it that is like HDF5's own for
 * POSIX files and writes the same bytes, with one difference.  HDF5 cannot close a file whose last
 * writes failed; it keeps it half open and crashes at the end of the program.  So this driver tells
 * HDF5 that all writes succeed, writes nothing more to a file after its first failure, and keeps
 * the error for us: whoever closes a written file must ask for it.
 *
 * It locks nothing (formats/atomic_file.h does).  Not thread-safe, as serial HDF5 itself is not.
 */
#ifndef QUERN_FORMATS_HDF5_DRIVER_H
#define QUERN_FORMATS_HDF5_DRIVER_H

#include <hdf5.h>
#include <stdbool.h>

/* Makes files opened by this access list use the driver; negative on failure. */
herr_t h5_driver_choose(hid_t access_list);

/*
 * Files can be opened between h5_driver_allow_open(true) and (false) only: a link in a file that
 * leads to another file leads nowhere.
 */
void h5_driver_allow_open(bool is_allowed);

/*
 * The errno of the first call of the system that failed in the driver since h5_driver_forget_errno
 * was called, or 0.
 */
int h5_driver_errno(void);
void h5_driver_forget_errno(void);

#endif
