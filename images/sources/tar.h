/*
 * Tar archives: POSIX.1-1988 (ustar), POSIX.1-2001 (pax), GNU tar and what was before them, plain
 * or compressed.  Every header's checksum is checked; archives that follow one another are read as
 * one, and behind an end-of-archive mark only zeros or another archive may come.
 */
#ifndef QUERN_IMAGES_SOURCES_TAR_H
#define QUERN_IMAGES_SOURCES_TAR_H

#include <stdbool.h>

#include "common/error.h"
#include "images/sources/archive_member.h"
#include "images/sources/spool.h"
#include "images/sources/stream.h"

/*
 * Lists the members of a tar.  The bytes of images stay where they are if it is not compressed;
 * otherwise they are copied to the spool, unless it is NULL: then their contents are of no use.
 * STATUS_DATA for what is no tar, damaged or cut short.  name is for messages.
 */
bool tar_list(struct stream *stream, const char *name, struct spool *spool, struct members *members,
              struct error *error);

#endif
