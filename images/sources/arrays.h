/*
 * A source whose images are rows of arrays, with their labels in other arrays: IDX files in a
 * directory or archive, or an .npz.  Images are uint8, [N,H,W] or [N,H,W,1] (gray) or [N,H,W,3];
 * labels are whole numbers, [N] or [N,1], and their decimal digits are the names of the classes.
 * Row 42 of train is the image "train/00042"; without a split it is "images/00042".
 */
#ifndef QUERN_IMAGES_SOURCES_ARRAYS_H
#define QUERN_IMAGES_SOURCES_ARRAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "images/sources/archive_member.h"
#include "images/sources/scan.h"
#include "images/sources/source_file.h"
#include "images/sources/spool.h"

struct arrays;

/*
 * Looks for arrays at the top of an open directory, and among the members of an archive (of those
 * in several directories, in the uppermost).  *arrays is NULL if there are none.  path is for
 * messages and must outlive the arrays, as must archive and spool.
 */
bool arrays_find_in_directory(int directory, const char *path, struct arrays **arrays,
                              struct error *error);
bool arrays_find_in_archive(int archive, const struct spool *spool, const char *path,
                            const struct members *members, struct arrays **arrays,
                            struct error *error);

/* Are there arrays among the members of an archive? */
bool arrays_are_among(const struct members *members);

/*
 * Lists the rows of all arrays, with a labelling.  wants_contents: compressed images are copied to
 * the spool, and checksums are checked.  STATUS_DATA for arrays that are damaged, of another shape
 * or type, or of other lengths than each other.
 */
bool arrays_scan(struct arrays *arrays, bool wants_contents, struct spool *spool, struct scan *scan,
                 struct error *error);
/* Can images be read after the last scan? */
bool arrays_have_contents(const struct arrays *arrays);

/* Reads the pixels of the image of that index in the scan; as source_read. */
bool arrays_read(const struct arrays *arrays, size_t index, const struct source_stamp *stamp,
                 struct source_reader *reader, struct source_file *file, struct error *error);
/* The stamp of its file; stamp is that of the archive. */
struct source_stamp arrays_look(const struct arrays *arrays, size_t index,
                                const struct source_stamp *stamp);

/* NULL is fine. */
void arrays_free(struct arrays *arrays);

#endif
