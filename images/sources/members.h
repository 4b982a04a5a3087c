/*
 * The members of a tar or zip archive, as libarchive reads them, without unpacking to files.
 *
 * One pass lists all names.  The bytes of images stay where they are when the archive is a plain
 * tar file; otherwise the same pass copies them to a spool, where they can be read in any order
 * and by several threads.  Nothing is ever written under a name that the archive gives.
 */
#ifndef QUERN_INGEST_MEMBERS_H
#define QUERN_INGEST_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/sources/scan.h"
#include "images/sources/spool.h"

enum member_kind { MEMBER_FOLDER, MEMBER_IMAGE, MEMBER_OTHER, MEMBER_HARD_LINK };

struct member {
    size_t path; /* offset in paths; no "." or "..", no slash at either end */
    enum member_kind kind;
    bool is_spooled; /* where the bytes are: in the spool, or in the archive itself */
    bool is_damaged; /* only a part could be read */
    uint64_t offset, nbytes;
    size_t target; /* of a hard link: the path it leads to, likewise */
};

/* Why members were passed over. */
enum member_refusal {
    REFUSED_PATH,    /* absolute, or with "..", or too long: it leads out of any folder */
    REFUSED_LINK,    /* a symbolic link */
    REFUSED_SPECIAL, /* a device, named pipe or socket */
    NUM_REFUSALS
};

struct members {
    char *paths; /* one block for all */
    size_t paths_nbytes, paths_capacity;
    struct member *items; /* in order of the archive */
    size_t count, capacity;
    uint64_t num_refused[NUM_REFUSALS];
    bool has_contents; /* all images can be read now */
};

/*
 * Reads the archive from the start of fd.  wants_contents: copy what does not lie plain in the
 * archive to the spool.  STATUS_DATA when it is no archive, damaged, cut short or encrypted;
 * STATUS_STOPPED after a signal.  members is to be freed in any case.  name is for messages.
 */
bool members_list(int fd, const char *name, bool wants_contents, struct spool *spool,
                  struct members *members, struct error *error);

/* Where the bytes of an image are. */
struct member_location {
    uint64_t offset;
    uint64_t nbytes : 62;
    uint64_t is_spooled : 1;
    uint64_t is_damaged : 1;
};

/*
 * Lists the members as a scan lists the folder that unpacking would make: of several members of one
 * path the last one counts, hard links are the members they lead to, and a folder around all else
 * is taken as the source unless it has the name of a split.  *locations [scan->num_images] is
 * malloc'ed.  The scan's paths live in the members.
 */
bool members_scan(const struct members *members, const struct scan_rules *rules, struct scan *scan,
                  struct member_location **locations, struct error *error);
void members_free(struct members *members);

/* ---- for members.c and members_tar.c ---- */

/*
 * The members of a plain tar as most are: nothing but regular files and folders with short names.
 * A quarter of the time of libarchive, which is half of what a tar of small images takes one
 * thread.  *is_plain is false when there is anything else in it, or wrong with it: libarchive
 * shall judge.
 */
bool members_list_tar(int fd, const char *name, struct members *members, bool *is_plain,
                      struct error *error);

/* Adds a file or folder whose bytes lie plain in the archive, or refuses it. */
bool members_take(struct members *members, const char *path, bool is_folder, uint64_t offset,
                  uint64_t nbytes, struct error *error);

/* STATUS_STOPPED after a signal. */
bool members_check_stopped(const char *name, struct error *error);

#endif
