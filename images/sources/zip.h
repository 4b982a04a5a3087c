/*
 * Zip archives (PKWARE's APPNOTE, with zip64), listed by the directory at their end.  Images stay
 * where they are, stored or deflated, and are decompressed by who reads them.  What the directory
 * says of a member is held against the header that stands before the member itself.
 */
#ifndef QUERN_IMAGES_SOURCES_ZIP_H
#define QUERN_IMAGES_SOURCES_ZIP_H

#include <stdbool.h>

#include "common/error.h"
#include "images/sources/archive_member.h"

/* Does the file begin like a zip? */
bool zip_is_one(int descriptor);

/* Lists the members.  STATUS_DATA for what is damaged, cut short or encrypted.  name is for
 * messages. */
bool zip_list(int descriptor, const char *name, struct members *members, struct error *error);

#endif
