/*
 * Archives as WebDataset makes them: beside each image 000042.png a member 000042.cls that holds
 * its class, a number or a name.  What belongs together has the same path up to the first dot of
 * its name.
 */
#ifndef QUERN_IMAGES_SOURCES_WEBDATASET_H
#define QUERN_IMAGES_SOURCES_WEBDATASET_H

#include <stdbool.h>

#include "common/error.h"
#include "images/sources/archive_member.h"
#include "images/sources/scan.h"
#include "images/sources/spool.h"

/* Is it the name of a member that holds a class? */
bool webdataset_has_name(const char *path);
/* The length of a path up to the first dot of its name: what has the same belongs together. */
size_t webdataset_key_length(const char *path);
bool webdataset_is_among(const struct members *members);

/*
 * Gives the images of a scan of an archive the classes beside them: scan->labelling, which stays
 * NULL if no image has one.  Where all of them lie in directories that rules call splits, these are
 * their splits.  STATUS_DATA for a class that is empty, longer than a name, or no text.
 */
bool webdataset_label(int archive, const struct spool *spool, const char *name,
                      const struct members *members, const struct scan_rules *rules,
                      struct scan *scan, struct error *error);

#endif
