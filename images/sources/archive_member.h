/*
 * The members of an archive: a list that tar.c or zip.c fills, and from which a scan is made as of
 * the directory that unpacking would leave.  Names are bytes.  Nothing is ever written under a name
 * that an archive gives.
 */
#ifndef QUERN_IMAGES_SOURCES_ARCHIVE_MEMBER_H
#define QUERN_IMAGES_SOURCES_ARCHIVE_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/sources/names_charset.h"
#include "images/sources/scan.h"
#include "images/sources/source_file.h"

enum { MEMBER_MAX_PATH_NBYTES = 4096 }; /* the system's own limit for an unpacked tree */

/* Where the bytes of a member are, and how. */
enum member_storage {
    MEMBER_IN_ARCHIVE, /* as they are */
    MEMBER_IN_SPOOL,   /* as they are */
    MEMBER_DEFLATED,   /* in the archive, by the deflate of a zip */
    MEMBER_SPARSE,     /* in pieces (tar --sparse), which are not read */
    MEMBER_UNKNOWN,    /* compressed by another method of zip, which is not read */
};

struct member_contents {
    uint64_t offset;
    uint64_t nbytes;
    uint64_t compressed_nbytes; /* of a deflated one */
    uint32_t crc32;             /* if has_crc32 */
    bool has_crc32;
    enum member_storage storage : 8;
};

enum member_kind { MEMBER_DIRECTORY, MEMBER_FILE, MEMBER_HARD_LINK, MEMBER_SYMBOLIC_LINK };

struct member {
    size_t path; /* offset in paths; no "." or "..", no slash at either end */
    enum member_kind kind;
    bool is_hidden; /* junk, or in junk: skipped by a scan; a link may lead to it */
    struct member_contents contents;
    /* Of a link, an offset in paths: of a hard one a path, likewise; of a symbolic one the text as
     * it is, from the directory of the link on. */
    size_t target;
};

/* Why members were passed over. */
enum member_refusal {
    REFUSED_PATH,    /* absolute, or with "..", or too long: it leads out of any directory */
    REFUSED_SPECIAL, /* a device, named pipe or socket */
    NUM_REFUSALS
};

struct members {
    char *paths; /* one block for all */
    size_t paths_nbytes, paths_capacity;
    struct member *items; /* in order of the archive */
    size_t count, capacity;
    size_t num_symbolic_links;
    struct names_charset *charset; /* of names that are not marked as UTF-8; NULL: taken as they
                                    * are; the caller's */
    uint64_t num_refused[NUM_REFUSALS];
};

/*
 * Each adds a member, or counts why it is passed over: a directory; a file, whose contents are
 * looked at for an image alone; a hard link to the path target; a symbolic link.
 */
bool members_add_directory(struct members *members, const char *path, struct error *error);
bool members_add_file(struct members *members, const char *path,
                      const struct member_contents *contents, struct error *error);
bool members_add_hard_link(struct members *members, const char *path, const char *target,
                           struct error *error);
bool members_add_symbolic_link(struct members *members, const char *path, const char *target,
                               struct error *error);
void members_refuse(struct members *members, const char *path, enum member_refusal why);

/*
 * Lists the members as a scan lists the directory that unpacking would make: of several members of
 * one path the last one counts, links are the files and directories of the archive that they lead
 * to, and a directory around all else is taken as the source (scan_is_root).  *contents
 * [scan->num_images] is malloc'ed.  The scan's paths live in the members or in the scan.
 */
bool members_scan(const struct members *members, const struct scan_rules *rules, struct scan *scan,
                  struct member_contents **contents, struct error *error);

/*
 * Reads a member that is a deflated or a plain part of an open file; the reasons leave out the
 * path.  Thread-safe, each thread with a reader of its own.
 */
bool member_read(int descriptor, const struct member_contents *contents,
                 struct source_reader *reader, struct source_file *file, struct error *error);

void members_free(struct members *members);

#endif
