/*
 * What the files of the library share: marks of its functions, and its record filled from ours.
 */
#ifndef QUERN_LIBRARY_ERROR_FILL_H
#define QUERN_LIBRARY_ERROR_FILL_H

#include <quern/error.h>

#include "common/error.h"

/* Seen from outside; every other function of the shared library is hidden. */
#define QUERN_API __attribute__((visibility("default")))

/* True if the record (which may be NULL) holds an error of an earlier call. */
bool quern_error_holds(const struct quern_error *error);

/* Copies reason to the caller's record (which may be NULL).  Returns false, for the caller to
 * return. */
bool quern_error_fill(struct quern_error *error, const struct error *reason);

#endif
