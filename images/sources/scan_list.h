/*
 * A scan to and from a file list, instead of another walk.
 */
#ifndef QUERN_INGEST_SCAN_LIST_H
#define QUERN_INGEST_SCAN_LIST_H

#include "common/error.h"
#include "images/sources/scan.h"

/*
 * Writes what a scan by these rules found.  source_name is the last part of the source's path.
 * STATUS_DATA, unless is_forced, if what is at path is no list.
 */
bool scan_list_write(const char *path, const char *source_name, const struct scan_rules *rules,
                     const struct scan *scan, bool is_forced, struct error *error);

/*
 * Reads what a scan by these rules of a source of this name had found.  STATUS_DATA for what is no
 * whole list or one of another source or layout.  The scan is freed by scan_free.
 */
bool scan_list_read(const char *path, const char *source_name, const struct scan_rules *rules,
                    struct scan *scan, struct error *error);

#endif
