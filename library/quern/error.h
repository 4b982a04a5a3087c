/*
 * The library of quern's file formats: what failed.
 *
 * A function that can fail returns true if it did what it is for; where it fails it fills the
 * record that it is given and returns false.  A record starts as {0}.  The first error stays: given
 * a record that holds one, a function does nothing and fails, so that a row of calls needs one
 * check at its end.  Every function takes NULL for a record.
 *
 * The library never prints and never ends the process.  It may be used by one thread at a time,
 * because HDF5 below it may.
 */
#ifndef QUERN_ERROR_H
#define QUERN_ERROR_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The values are the exit codes of quern's programs. */
enum quern_status {
    QUERN_OK = 0,
    QUERN_USAGE = 2,     /* the call's arguments: rows that are not there, no threads */
    QUERN_DATA = 65,     /* the file is not what it should be, or damaged */
    QUERN_INTERNAL = 70, /* no memory, or our mistake */
    QUERN_IO = 74        /* the system refused to open or to read */
};

struct quern_error {
    int status;         /* enum quern_status */
    char message[2048]; /* "FILE: DATASET, row N: WHAT: expected A, found B", one line, escaped */
};

/* The version of the library that is loaded, as "1.0.0". */
const char *quern_version(void);

#ifdef __cplusplus
}
#endif

#endif
