/*
 * Files that have no decoder, named as what they are: images of other formats, by their extension
 * and by their first bytes, and what else lies under the name of an image: a git-lfs pointer, a web
 * page that was saved for a picture, an archive.
 */
#ifndef QUERN_IMAGES_FOREIGN_H
#define QUERN_IMAGES_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Formats of images that are told apart by extension. */
enum { FOREIGN_MAX_FORMATS = 16 };

/* How many files there are of each format. */
struct foreign_counts {
    uint64_t files[FOREIGN_MAX_FORMATS];
};

/* Counts a file that ends like an image of another format; false: it does not. */
bool foreign_count(struct foreign_counts *counts, const char *name);
/* "45 GIF and 3 TIFF files are not read: convert them to PNG or JPEG" into buffer, most first;
 * NULL: there are none. */
const char *foreign_describe_counts(char *buffer, size_t size, const struct foreign_counts *counts);

/*
 * What a file that no decoder knows is, by its first bytes, and what to do about it, as the reason
 * for which name is refused: "is a WebP image named .jpg: convert it to PNG or JPEG".  NULL:
 * anything else.
 */
const char *foreign_describe_file(char *buffer, size_t size, const char *name, const uint8_t *bytes,
                                  size_t nbytes);

#endif
