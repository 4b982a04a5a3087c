/*
 * Names that no image data have: what systems and tools leave behind in directories, and whatever
 * else begins with a dot.  Directories, archives and lists skip them alike.
 */
#ifndef QUERN_IMAGES_SOURCES_JUNK_H
#define QUERN_IMAGES_SOURCES_JUNK_H

#include <stdbool.h>
#include <stddef.h>

enum {
    JUNK_NUM_KINDS =
        13, /* of names that are known, and the last: any other that begins with a dot */
    JUNK_HIDDEN = JUNK_NUM_KINDS - 1,
    JUNK_NONE = JUNK_NUM_KINDS,
};

/* The kind of a name, the first length bytes of a text; JUNK_NONE for one that is data. */
int junk_find(const char *name, size_t length);

/* A name for notes: "__MACOSX", or "._*" where several are meant. */
const char *junk_name(int kind);

/* The first part of a path that is junk: where it begins and its length and kind; false without. */
bool junk_find_in_path(const char *path, size_t *begin, size_t *length, int *kind);

#endif
