/*
 * The list of a source's images ("quern list"), so that many processes need not walk each for
 * itself: paths in bytewise order, each with a NUL behind it as `find -print0` has them, and a
 * seal.  FORMAT.md is the specification.
 */
#ifndef QUERN_IMAGES_SOURCES_PATH_LIST_H
#define QUERN_IMAGES_SOURCES_PATH_LIST_H

#include "common/error.h"
#include "images/sources/scan.h"

/*
 * Writes the paths of a scan, whole or not at all.  STATUS_DATA, unless is_forced, if there is a
 * file at path that is no list.
 */
bool path_list_write(const char *path, const struct scan *scan, bool is_forced,
                     struct error *error);

/*
 * Makes the scan that a walk by these rules would make if it found the images of the list alone.
 * STATUS_DATA for what is no list, is damaged, or holds paths that no walk finds: out of order, not
 * relative, with empty parts or parts that begin with a dot, without the name of an image.  The
 * scan is freed by scan_free.
 */
bool path_list_read(const char *path, const struct scan_rules *rules, struct scan *scan,
                    struct error *error);

/* The same for the bytes of a file without the seal; takes bytes, which has a NUL behind nbytes. */
bool path_list_parse(const char *path, char *bytes, size_t nbytes, const struct scan_rules *rules,
                     struct scan *scan, struct error *error);

#endif
