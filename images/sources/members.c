#include "images/sources/members.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "images/sources/scan.h"
#include "images/sources/source.h"

enum {
    BLOCK_NBYTES = 1 << 18,    /* read from the archive at once */
    MAX_PATH_NBYTES = 4096,    /* the system's own limit for an unpacked tree */
    NUM_LEADING_NBYTES = 4096, /* kept of what is no PNG: enough to say what it is */
    MAX_RATIO = 1200,          /* deflate shrinks to 1/1032 at the most */
    TAR_BLOCK_NBYTES = 512,
};

/* Before the ratio counts: small archives may well be of equal images. */
static const uint64_t ratio_free_nbytes = (uint64_t)1 << 30;

struct listing {
    const char *name;
    struct archive *archive;
    bool wants_contents;
    bool is_plain_tar;
    uint64_t last_end; /* where a tar's last member ends */
    struct spool *spool;
    struct members *members;
    struct error *error;
};

/* ---- paths ---- */

/*
 * Writes the path without ".", doubled slashes and a slash at the end; returns its length, 0 for
 * one that is nothing but those, and -1 for one that leads elsewhere or is too long.
 */
static ptrdiff_t clean_path(const char *path, char clean[MAX_PATH_NBYTES])
{
    size_t used = 0;

    if (path[0] == '/')
        return -1;
    while (*path) {
        size_t length = strcspn(path, "/");
        bool is_dot = length == 1 && path[0] == '.';

        if (length == 2 && path[0] == '.' && path[1] == '.')
            return -1;
        if (length > 0 && !is_dot) {
            if (used + length + 2 > MAX_PATH_NBYTES)
                return -1;
            if (used > 0)
                clean[used++] = '/';
            memcpy(clean + used, path, length);
            used += length;
        }
        path += length;
        path += *path == '/';
    }
    clean[used] = '\0';
    return (ptrdiff_t)used;
}

/* As a scan skips them; __MACOSX holds what the Finder adds to a zip, and no unpacked tree has. */
static bool is_hidden(const char *path)
{
    return path[0] == '.' || strstr(path, "/.") != NULL ||
           (strncmp(path, "__MACOSX", 8) == 0 && (path[8] == '/' || path[8] == '\0'));
}

static bool add_path(struct members *members, const char *path, size_t *offset, struct error *error)
{
    size_t nbytes = strlen(path) + 1;
    bool ok = memory_grow(&members->paths, &members->paths_capacity, members->paths_nbytes + nbytes,
                          1, error);

    if (!ok)
        return ok;
    *offset = members->paths_nbytes;
    memcpy(members->paths + members->paths_nbytes, path, nbytes);
    members->paths_nbytes += nbytes;
    return true;
}

static bool add_member(struct members *members, const char *path, const struct member *member,
                       struct error *error)
{
    bool ok = memory_grow(&members->items, &members->capacity, members->count + 1,
                          sizeof(*members->items), error);

    if (!ok)
        return ok;
    members->items[members->count] = *member;
    ok = add_path(members, path, &members->items[members->count].path, error);
    members->count += ok;
    return ok;
}

bool members_take(struct members *members, const char *path, bool is_folder, uint64_t offset,
                  uint64_t nbytes, struct error *error)
{
    char clean[MAX_PATH_NBYTES];
    ptrdiff_t length = clean_path(path, clean);
    struct member member = {.kind = MEMBER_OTHER, .offset = offset, .nbytes = nbytes};

    if (length < 0)
        members->num_refused[REFUSED_PATH]++;
    if (length <= 0 || is_hidden(clean))
        return true;
    if (is_folder)
        member.kind = MEMBER_FOLDER;
    else if (scan_is_image(clean))
        member.kind = MEMBER_IMAGE;
    return add_member(members, clean, &member, error);
}

bool members_check_stopped(const char *name, struct error *error)
{
    int signal = signals_stop_requested();

    return signal ? error_set(error, STATUS_STOPPED, ERROR_AT(.file = name),
                              "stopped by %s; nothing was written, run again", signals_name(signal))
                  : true;
}

/* ---- contents ---- */

/* What libarchive says, about the archive or one of its members. */
static bool fail(const struct listing *listing, const char *member, const char *what)
{
    const char *reason = archive_error_string(listing->archive);
    int number = archive_errno(listing->archive);
    bool is_system = number == EIO || number == ENOMEM || number == ENOSPC;
    char escaped[512] = "";

    if (member)
        text_escape(escaped, sizeof(escaped), member);
    if (is_system) { /* nothing was learned about the archive */
        what = "cannot read";
        reason = strerror(number);
    }
    return error_set(listing->error,
                     number == ENOMEM ? STATUS_INTERNAL
                     : is_system      ? STATUS_IO
                                      : STATUS_DATA,
                     ERROR_AT(.file = listing->name), "%s%s%s%s%s", escaped, member ? ": " : "",
                     what, reason ? ": " : "", reason ? reason : "");
}

/* The bytes of images in it come out as many times more as no archive of images would. */
static bool check_ratio(const struct listing *listing)
{
    int64_t num_read = archive_filter_bytes(listing->archive, -1);

    if (listing->spool->nbytes > ratio_free_nbytes && num_read > 0 &&
        listing->spool->nbytes / MAX_RATIO > (uint64_t)num_read)
        return error_set(listing->error, STATUS_DATA, ERROR_AT(.file = listing->name),
                         "unfolds to more than %d times its size: refused", MAX_RATIO);
    return true;
}

/* Copies a member to the spool, as far as it may be an image. */
static bool copy_to_spool(struct listing *listing, const char *path, struct member *member)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    struct spool *spool = listing->spool;
    bool ok = true;
    bool is_png = true;

    member->is_spooled = true;
    member->offset = spool->nbytes;
    member->nbytes = 0;
    while (ok) {
        size_t room;
        uint8_t *bytes = spool_reserve(spool, &room, listing->error);
        la_ssize_t num_read;

        if (!bytes)
            return false;
        num_read = archive_read_data(listing->archive, bytes, room);
        if (num_read == 0)
            break;
        if (num_read == ARCHIVE_RETRY)
            continue;
        if (num_read == ARCHIVE_FATAL)
            return fail(listing, path, "cannot be read");
        if (num_read < 0) {
            member->is_damaged = true;
            break;
        }
        if (member->nbytes == 0)
            is_png = (size_t)num_read >= sizeof(signature) &&
                     memcmp(bytes, signature, sizeof(signature)) == 0;
        member->nbytes += (uint64_t)num_read;
        ok = spool_append(spool, (size_t)num_read, listing->error);
        if (!is_png || member->nbytes > SOURCE_MAX_FILE_NBYTES)
            break;
        if (ok)
            ok = check_ratio(listing);
        if (ok)
            ok = members_check_stopped(listing->name, listing->error);
    }
    /* Only images of sane size are worth their place. */
    if (ok && (!is_png || member->nbytes > SOURCE_MAX_FILE_NBYTES)) {
        uint64_t kept = member->nbytes < NUM_LEADING_NBYTES ? member->nbytes : NUM_LEADING_NBYTES;

        ok = spool_cut(spool, member->offset + kept, listing->error);
        if (!is_png)
            member->nbytes = kept;
    }
    return ok;
}

static bool find_contents(struct listing *listing, struct archive_entry *entry, const char *path,
                          struct member *member)
{
    if (archive_entry_is_data_encrypted(entry))
        return fail(listing, path, "is encrypted");
    if (listing->is_plain_tar && archive_entry_sparse_count(entry) == 0 &&
        archive_entry_size(entry) >= 0) {
        member->offset = (uint64_t)archive_filter_bytes(listing->archive, 0);
        member->nbytes = (uint64_t)archive_entry_size(entry);
        return true;
    }
    if (archive_entry_size_is_set(entry) &&
        archive_entry_size(entry) > (int64_t)SOURCE_MAX_FILE_NBYTES) {
        /* Refused by its size when it is to be read. */
        member->nbytes = (uint64_t)archive_entry_size(entry);
        return true;
    }
    if (listing->wants_contents)
        return copy_to_spool(listing, path, member);
    listing->members->has_contents = false;
    return true;
}

/* ---- one member ---- */

static void refuse(struct listing *listing, enum member_refusal why)
{
    listing->members->num_refused[why]++;
}

static bool take_hard_link(struct listing *listing, const char *path, const char *target)
{
    char clean[MAX_PATH_NBYTES];
    struct member member = {.kind = MEMBER_HARD_LINK};

    if (clean_path(target, clean) <= 0) {
        refuse(listing, REFUSED_PATH);
        return true;
    }
    if (!add_path(listing->members, clean, &member.target, listing->error))
        return false;
    return add_member(listing->members, path, &member, listing->error);
}

static bool take_entry(struct listing *listing, struct archive_entry *entry)
{
    const char *path = archive_entry_pathname(entry), *target = archive_entry_hardlink(entry);
    mode_t type = archive_entry_filetype(entry);
    struct member member = {.kind = MEMBER_OTHER};
    char clean[MAX_PATH_NBYTES];
    ptrdiff_t length;

    if (!path)
        path = archive_entry_pathname_utf8(entry);
    length = path ? clean_path(path, clean) : -1;
    if (length < 0) {
        refuse(listing, REFUSED_PATH);
        return true;
    }
    if (length == 0 || is_hidden(clean))
        return true;
    if (target)
        return take_hard_link(listing, clean, target);
    if (type == AE_IFLNK || (type != AE_IFREG && type != AE_IFDIR)) {
        refuse(listing, type == AE_IFLNK ? REFUSED_LINK : REFUSED_SPECIAL);
        return true;
    }
    if (type == AE_IFDIR)
        member.kind = MEMBER_FOLDER;
    else if (scan_is_image(clean))
        member.kind = MEMBER_IMAGE;
    if (member.kind == MEMBER_IMAGE && !find_contents(listing, entry, clean, &member))
        return error_ok(listing->error);
    return add_member(listing->members, clean, &member, listing->error);
}

/* ---- all ---- */

/* Where the data of a tar's member ends, with its padding. */
static void note_end(struct listing *listing, struct archive_entry *entry)
{
    int64_t size = archive_entry_hardlink(entry) ? 0 : archive_entry_size(entry);
    uint64_t blocks = size > 0 ? ((uint64_t)size + TAR_BLOCK_NBYTES - 1) / TAR_BLOCK_NBYTES : 0;

    listing->last_end =
        archive_entry_sparse_count(entry) > 0
            ? 0
            : (uint64_t)archive_filter_bytes(listing->archive, 0) + blocks * TAR_BLOCK_NBYTES;
}

/*
 * A tar that ends between two members looks whole to libarchive.  One that was written to its end
 * has blocks of zeros there.
 */
static bool check_end(struct listing *listing)
{
    bool is_tar =
        (archive_format(listing->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;

    if (is_tar && (uint64_t)archive_filter_bytes(listing->archive, 0) <= listing->last_end)
        return error_set(listing->error, STATUS_DATA, ERROR_AT(.file = listing->name),
                         "is cut short: it has no end-of-archive mark");
    return true;
}

static bool list_all(struct listing *listing, struct progress *progress)
{
    bool ok = true;
    bool is_first = true;

    while (ok) {
        struct archive_entry *entry;
        int result = archive_read_next_header(listing->archive, &entry);

        if (result == ARCHIVE_EOF)
            break;
        if (result == ARCHIVE_RETRY)
            continue;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return fail(listing, NULL,
                        is_first ? "is no tar or zip archive, or damaged" : "is damaged");
        if (is_first) {
            int format = archive_format(listing->archive) & ARCHIVE_FORMAT_BASE_MASK;

            listing->is_plain_tar =
                format == ARCHIVE_FORMAT_TAR && archive_filter_count(listing->archive) == 1;
            is_first = false;
        }
        note_end(listing, entry);
        ok = take_entry(listing, entry);
        progress_update(progress, (uint64_t)archive_filter_bytes(listing->archive, -1));
        if (ok)
            ok = members_check_stopped(listing->name, listing->error);
    }
    if (ok && !is_first)
        ok = check_end(listing);
    return ok;
}

/* Not all that libarchive knows: some of its filters run other programs.  False for want of memory;
 * what it was built without is a warning. */
static bool choose_formats(struct archive *archive)
{
    return archive_read_support_filter_gzip(archive) != ARCHIVE_FATAL &&
           archive_read_support_filter_bzip2(archive) != ARCHIVE_FATAL &&
           archive_read_support_filter_xz(archive) != ARCHIVE_FATAL &&
           archive_read_support_filter_zstd(archive) != ARCHIVE_FATAL &&
           archive_read_support_format_tar(archive) != ARCHIVE_FATAL &&
           /* By the directory at its end, as unpacking does, so that one cut short is refused. */
           archive_read_support_format_zip_seekable(archive) != ARCHIVE_FATAL;
}

static bool open_archive(struct listing *listing, int fd)
{
    struct archive *archive = listing->archive = archive_read_new();

    if (!archive || !choose_formats(archive))
        return error_set_memory(listing->error, sizeof(void *));
    if (lseek(fd, 0, SEEK_SET) < 0)
        return error_set_errno(listing->error, listing->name, "cannot read");
    if (archive_read_open_fd(archive, fd, BLOCK_NBYTES) == ARCHIVE_OK)
        return true;
    /* It has a reason for all but want of memory. */
    return archive_error_string(archive) ? fail(listing, NULL, "is no tar or zip archive")
                                         : error_set_memory(listing->error, BLOCK_NBYTES);
}

static bool list_by_libarchive(struct listing *listing, int fd)
{
    /* libarchive hands out names in the characters of the locale. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t old = uselocale(utf8 ? utf8 : (locale_t)0);
    struct stat stat = {0};
    struct progress progress;
    bool ok;

    *listing->members = (struct members){.has_contents = true};
    fstat(fd, &stat);
    progress = progress_begin("quern-ingest", "list", "bytes", (uint64_t)stat.st_size);
    ok = open_archive(listing, fd);
    if (ok)
        ok = list_all(listing, &progress);
    if (ok)
        ok = spool_flush(listing->spool, listing->error);
    progress_clear(&progress);
    archive_read_free(listing->archive);
    uselocale(old);
    if (utf8)
        freelocale(utf8);
    return ok;
}

bool members_list(int fd, const char *name, bool wants_contents, struct spool *spool,
                  struct members *members, struct error *error)
{
    struct listing listing = {.name = name,
                              .wants_contents = wants_contents,
                              .spool = spool,
                              .members = members,
                              .error = error};
    bool is_plain;
    bool ok = members_list_tar(fd, name, members, &is_plain, error);

    if (ok && !is_plain)
        ok = list_by_libarchive(&listing, fd);
    return ok;
}

void members_free(struct members *members)
{
    free(members->paths);
    free(members->items);
    *members = (struct members){0};
}
