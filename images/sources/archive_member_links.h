/*
 * The members of an archive in order of their paths, and where links among them lead: as in the
 * directory that unpacking would make, but never out of it.
 */
#ifndef QUERN_IMAGES_SOURCES_ARCHIVE_MEMBER_LINKS_H
#define QUERN_IMAGES_SOURCES_ARCHIVE_MEMBER_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "images/sources/archive_member.h"
#include "images/sources/scan.h"

struct member_index {
    const struct members *members;
    struct scan_order *order; /* by path, equal paths in order of the archive; free() it */
    size_t count;
};

bool member_index_make(struct member_index *index, const struct members *members,
                       struct error *error);

static inline const struct member *member_index_at(const struct member_index *index,
                                                   size_t position)
{
    return &index->members->items[index->order[position].index];
}

/* The first position of which the path is not before this one. */
size_t member_index_find_first(const struct member_index *index, const char *path);
/* The last member of a path; NULL if there is none. */
const struct member *member_index_find(const struct member_index *index, const char *path);
/* Does a path lie below the first length bytes of another, a slash following? */
bool member_index_is_below(const char *path, const char *directory, size_t length);
/* Is there any member below a path? */
bool member_index_has_children(const struct member_index *index, const char *path);
/* What a member is once hard links are followed: a file, directory or symbolic link, or NULL. */
const struct member *member_index_follow(const struct member_index *index,
                                         const struct member *member);
/* Is it a directory, or a link that leads to one? */
bool member_index_is_directory(const struct member_index *index, const struct member *member);

/*
 * Fills the scan, of which the root is known, by a walk that follows symbolic links as that of a
 * directory does (images/sources/directory.h).  *contents [scan->num_images] is malloc'ed.
 * STATUS_DATA when links multiply the members without end.
 */
bool member_links_walk(const struct member_index *index, const struct scan_rules *rules,
                       struct scan *scan, struct member_contents **contents, struct error *error);

#endif
