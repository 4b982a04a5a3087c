#include "images/sources/zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/checksum.h"
#include "common/file.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "images/decoder.h"

/* Sizes of records without what is of any length. */
enum {
    LOCAL_NBYTES = 30,
    CENTRAL_NBYTES = 46,
    END_NBYTES = 22,
    END64_NBYTES = 56,
    LOCATOR64_NBYTES = 20,
    MAX_COMMENT_NBYTES = 65535,
    WINDOW_NBYTES = 1 << 16,
};

enum {
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    FLAG_ENCRYPTED = 1 << 0,
    FLAG_SIZES_FOLLOW = 1 << 3, /* CRC and sizes stand behind the member, zeros in its header */
    FLAG_UTF8 = 1 << 11,        /* name and comment are */
    HOST_MSDOS = 0,
    HOST_UNIX = 3,
    EXTRA_ZIP64 = 0x0001,
    EXTRA_UNICODE_PATH = 0x7075,
};

struct zip {
    int descriptor;
    const char *name;
    struct members *members;
    struct error *error;
    uint64_t nbytes; /* of the file */
    uint64_t num_members, directory_offset, directory_nbytes;
    uint8_t *directory;
    /* What was read last, to read headers that lie close together at once. */
    uint8_t *window;
    uint64_t window_offset;
    size_t window_nbytes;
};

/* What central directory and local header say of a member. */
struct zip_entry {
    unsigned flags, method, host;
    uint32_t crc32, attributes;
    uint64_t compressed_nbytes, nbytes, header_offset;
    const uint8_t *name, *extra;
    size_t name_nbytes, extra_nbytes;
};

static bool zip_refuse(const struct zip *zip, const char *what)
{
    return error_set(zip->error, STATUS_DATA, ERROR_AT(.file = zip->name), "%s", what);
}

static bool zip_refuse_member(const struct zip *zip, const struct zip_entry *entry,
                              const char *what)
{
    char text[256], escaped[512];

    snprintf(text, sizeof(text), "%.*s", (int)(entry->name_nbytes < 255 ? entry->name_nbytes : 255),
             (const char *)entry->name);
    return error_set(zip->error, STATUS_DATA, ERROR_AT(.file = zip->name), "%s: %s",
                     text_escape(escaped, sizeof(escaped), text), what);
}

static unsigned get_u16(const uint8_t *bytes)
{
    return bytes[0] | (unsigned)bytes[1] << 8;
}

static uint32_t get_u32(const uint8_t *bytes)
{
    return get_u16(bytes) | (uint32_t)get_u16(bytes + 2) << 16;
}

static uint64_t get_u64(const uint8_t *bytes)
{
    return get_u32(bytes) | (uint64_t)get_u32(bytes + 4) << 32;
}

static bool has_signature(const uint8_t *bytes, char third, char fourth)
{
    return bytes[0] == 'P' && bytes[1] == 'K' && bytes[2] == third && bytes[3] == fourth;
}

bool zip_is_one(int descriptor)
{
    uint8_t bytes[4];

    return file_read_some_at(descriptor, bytes, sizeof(bytes), 0) == sizeof(bytes) &&
           (has_signature(bytes, 3, 4) || has_signature(bytes, 5, 6));
}

/* ---- the end of the archive ---- */

/* The record that zip64 adds where numbers do not fit; locator_offset is that of what points to it.
 */
static bool zip_read_end64(struct zip *zip, const uint8_t *locator, uint64_t locator_offset,
                           uint64_t *end_offset)
{
    uint8_t end[END64_NBYTES];

    *end_offset = get_u64(locator + 8);
    if (locator_offset < END64_NBYTES || *end_offset > locator_offset - END64_NBYTES ||
        get_u32(locator + 4) != 0 || get_u32(locator + 16) != 1)
        return zip_refuse(zip, "is damaged: its end points nowhere");
    if (!file_read_at(zip->descriptor, zip->name, end, sizeof(end), *end_offset, zip->error))
        return false;
    if (!has_signature(end, 6, 6) || get_u64(end + 4) != locator_offset - *end_offset - 12 ||
        get_u32(end + 16) != 0 || get_u32(end + 20) != 0 || get_u64(end + 24) != get_u64(end + 32))
        return zip_refuse(zip, "is damaged: its end contradicts itself");
    zip->num_members = get_u64(end + 32);
    zip->directory_nbytes = get_u64(end + 40);
    zip->directory_offset = get_u64(end + 48);
    return true;
}

/* Numbers of the old record are those of zip64's, or stand for them. */
static bool zip_agrees(uint64_t old, uint64_t number, uint64_t most)
{
    return old == number || (old == most && number >= most) || old == most;
}

static bool zip_parse_end(struct zip *zip, const uint8_t *end, uint64_t end_offset,
                          const uint8_t *locator)
{
    uint64_t num_members = get_u16(end + 10), nbytes = get_u32(end + 12);
    uint64_t offset = get_u32(end + 16);

    if (get_u16(end + 4) != 0 || get_u16(end + 6) != 0 || get_u16(end + 8) != num_members)
        return zip_refuse(zip, "is damaged, or one volume of several");
    zip->num_members = num_members;
    zip->directory_nbytes = nbytes;
    zip->directory_offset = offset;
    if (locator && has_signature(locator, 6, 7)) {
        if (!zip_read_end64(zip, locator, end_offset - LOCATOR64_NBYTES, &end_offset))
            return false;
        if (!zip_agrees(num_members, zip->num_members, 0xffff) ||
            !zip_agrees(nbytes, zip->directory_nbytes, UINT32_MAX) ||
            !zip_agrees(offset, zip->directory_offset, UINT32_MAX))
            return zip_refuse(zip, "is damaged: its end contradicts itself");
    }
    /* The directory lies right before its end, and the archive begins with the file. */
    if (zip->directory_nbytes > end_offset ||
        zip->directory_offset != end_offset - zip->directory_nbytes ||
        zip->num_members > zip->directory_nbytes / CENTRAL_NBYTES)
        return zip_refuse(zip, "is damaged: its directory is not where its end says");
    return true;
}

/* Finds the record at the end of the file, behind which only the archive's comment may come. */
static bool zip_find_end(struct zip *zip)
{
    size_t nbytes = END_NBYTES + MAX_COMMENT_NBYTES + LOCATOR64_NBYTES;
    uint64_t offset;
    uint8_t *tail;
    bool ok, is_found = false;

    if (nbytes > zip->nbytes)
        nbytes = (size_t)zip->nbytes;
    offset = zip->nbytes - nbytes;
    tail = malloc(nbytes + 1);
    if (!tail)
        return error_set_memory(zip->error, nbytes);
    ok = file_read_at(zip->descriptor, zip->name, tail, nbytes, offset, zip->error);
    for (size_t at = nbytes < END_NBYTES ? 0 : nbytes - END_NBYTES + 1;
         ok && !is_found && at-- > 0;) {
        is_found =
            has_signature(tail + at, 5, 6) && get_u16(tail + at + 20) == nbytes - at - END_NBYTES;
        if (is_found)
            ok = zip_parse_end(zip, tail + at, offset + at,
                               at >= LOCATOR64_NBYTES ? tail + at - LOCATOR64_NBYTES : NULL);
    }
    free(tail);
    return ok && (is_found || zip_refuse(zip, "is cut short or damaged: a zip without its end"));
}

/* ---- members ---- */

/* Finds an extra field; NULL if there is none.  *is_damaged if they do not fill their place. */
static const uint8_t *zip_find_extra(const struct zip_entry *entry, unsigned id, size_t *nbytes)
{
    const uint8_t *at = entry->extra, *end = at + entry->extra_nbytes;

    while (end - at >= 4 && get_u16(at + 2) <= end - at - 4) {
        *nbytes = get_u16(at + 2);
        if (get_u16(at) == id)
            return at + 4;
        at += 4 + *nbytes;
    }
    return NULL;
}

/* Takes a number from the zip64 field if the record says that it is there. */
static bool zip_take_u64(uint64_t *number, const uint8_t **field, size_t *nbytes)
{
    if (*number != UINT32_MAX)
        return true;
    if (!*field || *nbytes < 8)
        return false;
    *number = get_u64(*field);
    *field += 8;
    *nbytes -= 8;
    return true;
}

static bool zip_parse_central(const struct zip *zip, const uint8_t **at, struct zip_entry *entry)
{
    const uint8_t *record = *at, *end = zip->directory + zip->directory_nbytes, *field;
    size_t left = (size_t)(end - record), nbytes = 0;

    if (left < CENTRAL_NBYTES || !has_signature(record, 1, 2))
        return zip_refuse(zip, "is damaged: its directory breaks off");
    *entry = (struct zip_entry){.host = record[5],
                                .flags = get_u16(record + 8),
                                .method = get_u16(record + 10),
                                .crc32 = get_u32(record + 16),
                                .compressed_nbytes = get_u32(record + 20),
                                .nbytes = get_u32(record + 24),
                                .name_nbytes = get_u16(record + 28),
                                .extra_nbytes = get_u16(record + 30),
                                .attributes = get_u32(record + 38),
                                .header_offset = get_u32(record + 42),
                                .name = record + CENTRAL_NBYTES};
    entry->extra = entry->name + entry->name_nbytes;
    nbytes = CENTRAL_NBYTES + entry->name_nbytes + entry->extra_nbytes + get_u16(record + 32);
    if (nbytes > left)
        return zip_refuse(zip, "is damaged: its directory breaks off");
    *at += nbytes;
    field = zip_find_extra(entry, EXTRA_ZIP64, &nbytes);
    if (!zip_take_u64(&entry->nbytes, &field, &nbytes) ||
        !zip_take_u64(&entry->compressed_nbytes, &field, &nbytes) ||
        !zip_take_u64(&entry->header_offset, &field, &nbytes))
        return zip_refuse_member(zip, entry, "is damaged in the directory of the zip");
    return true;
}

/* Reads some bytes by way of the window, in which they stay until the next call. */
static bool zip_read(struct zip *zip, uint64_t offset, size_t nbytes, const uint8_t **bytes)
{
    ssize_t num_read;

    if (offset < zip->window_offset || offset + nbytes > zip->window_offset + zip->window_nbytes) {
        size_t room = nbytes > WINDOW_NBYTES ? nbytes : WINDOW_NBYTES;

        num_read = file_read_some_at(zip->descriptor, zip->window, room, offset);
        if (num_read < 0)
            return error_set_errno(zip->error, zip->name, "cannot read");
        zip->window_offset = offset;
        zip->window_nbytes = (size_t)num_read;
        if ((size_t)num_read < nbytes)
            return zip_refuse(zip, "is cut short");
    }
    *bytes = zip->window + (offset - zip->window_offset);
    return true;
}

/* What stands before the member itself; its name and extra fields are in the window. */
static bool zip_read_local(struct zip *zip, const struct zip_entry *central,
                           struct zip_entry *local, uint64_t *data_offset)
{
    const uint8_t *record;
    size_t nbytes;

    if (central->header_offset > zip->directory_offset ||
        zip->directory_offset - central->header_offset < LOCAL_NBYTES)
        return zip_refuse_member(zip, central, "is not where the directory of the zip says");
    if (!zip_read(zip, central->header_offset, LOCAL_NBYTES, &record))
        return false;
    if (!has_signature(record, 3, 4))
        return zip_refuse_member(zip, central, "is not where the directory of the zip says");
    *local = (struct zip_entry){.flags = get_u16(record + 6),
                                .method = get_u16(record + 8),
                                .crc32 = get_u32(record + 14),
                                .compressed_nbytes = get_u32(record + 18),
                                .nbytes = get_u32(record + 22),
                                .name_nbytes = get_u16(record + 26),
                                .extra_nbytes = get_u16(record + 28)};
    nbytes = LOCAL_NBYTES + local->name_nbytes + local->extra_nbytes;
    *data_offset = central->header_offset + nbytes;
    if (*data_offset > zip->directory_offset ||
        zip->directory_offset - *data_offset < central->compressed_nbytes)
        return zip_refuse_member(zip, central, "is not where the directory of the zip says");
    if (!zip_read(zip, central->header_offset, nbytes, &record))
        return false;
    local->name = record + LOCAL_NBYTES;
    local->extra = local->name + local->name_nbytes;
    return true;
}

/* With FLAG_SIZES_FOLLOW a number of the header may be left out: 0, or that there is a zip64 field.
 */
static bool zip_agree_on_number(const struct zip_entry *local, uint64_t number, uint64_t central)
{
    return number == central ||
           ((local->flags & FLAG_SIZES_FOLLOW) && (number == 0 || number == UINT32_MAX));
}

static bool zip_agree_on_sizes(const struct zip_entry *central, struct zip_entry *local)
{
    size_t nbytes = 0;
    const uint8_t *field = zip_find_extra(local, EXTRA_ZIP64, &nbytes);

    if (field && (!zip_take_u64(&local->nbytes, &field, &nbytes) ||
                  !zip_take_u64(&local->compressed_nbytes, &field, &nbytes)))
        return false;
    return zip_agree_on_number(local, local->crc32, central->crc32) &&
           zip_agree_on_number(local, local->nbytes, central->nbytes) &&
           zip_agree_on_number(local, local->compressed_nbytes, central->compressed_nbytes);
}

/* Two fields are equal, or both missing. */
static bool zip_agree_on_extra(const struct zip_entry *a, const struct zip_entry *b, unsigned id)
{
    size_t a_nbytes = 0, b_nbytes = 0;
    const uint8_t *a_field = zip_find_extra(a, id, &a_nbytes);
    const uint8_t *b_field = zip_find_extra(b, id, &b_nbytes);

    return (!a_field && !b_field) ||
           (a_field && b_field && a_nbytes == b_nbytes && memcmp(a_field, b_field, a_nbytes) == 0);
}

static bool zip_check_local(struct zip *zip, const struct zip_entry *central, const char *path,
                            struct member_contents *contents)
{
    struct zip_entry local = {0};

    if (!zip_read_local(zip, central, &local, &contents->offset))
        return false;
    if (local.name_nbytes != central->name_nbytes ||
        memcmp(local.name, central->name, local.name_nbytes) != 0 ||
        !zip_agree_on_extra(central, &local, EXTRA_UNICODE_PATH))
        return zip_refuse_member(zip, central, "has two names in the zip, which is damaged");
    if ((local.flags & central->flags & FLAG_ENCRYPTED) && decoder_has_extension(path))
        return zip_refuse_member(zip, central, "is encrypted");
    if (local.method != central->method || !zip_agree_on_sizes(central, &local) ||
        (local.flags & FLAG_ENCRYPTED) != (central->flags & FLAG_ENCRYPTED))
        return zip_refuse_member(zip, central, "is described in two ways in the zip: damaged");
    return true;
}

/* ---- names ---- */

/*
 * The name of a member, malloc'ed: the bytes that Info-ZIP keeps as Unicode beside a name in
 * another encoding, if it is that name's (its CRC-32 tells), or else the name's own.
 */
static char *zip_copy_name(const struct zip *zip, const struct zip_entry *entry)
{
    size_t nbytes = entry->name_nbytes, field_nbytes;
    bool is_utf8 = entry->flags & FLAG_UTF8;
    const uint8_t *bytes = entry->name;
    const uint8_t *field = zip_find_extra(entry, EXTRA_UNICODE_PATH, &field_nbytes);
    char *name;

    if (field && field_nbytes > 5 && field[0] == 1 &&
        get_u32(field + 1) == crc32_of(entry->name, entry->name_nbytes)) {
        bytes = field + 5;
        nbytes = field_nbytes - 5;
        is_utf8 = true;
    }
    if (memchr(bytes, '\0', nbytes)) {
        zip_refuse_member(zip, entry, "has a name that is no text");
        return NULL;
    }
    name = names_charset_convert(is_utf8 ? NULL : zip->members->charset, (const char *)bytes,
                                 nbytes, zip->name, zip->error);
    /* After it is converted: the second byte of a character may be a backslash. */
    if (name && entry->host == HOST_MSDOS && !strchr(name, '/')) {
        /* Some writers on Windows part directories by backslashes, against the specification. */
        for (char *slash = name; (slash = strchr(slash, '\\')); slash++)
            *slash = '/';
    }
    return name;
}

/* ---- all ---- */

/* A link by its attributes, as long as its contents are no image: then the attributes are damaged.
 * *target is where it leads, malloc'ed; NULL for what is no link. */
static bool zip_read_link(const struct zip *zip, const struct zip_entry *entry,
                          const struct member_contents *contents, char **target)
{
    struct source_reader reader = {0};
    struct source_file file = {0};
    struct error error = {0};

    *target = NULL;
    if (entry->host != HOST_UNIX || !S_ISLNK(entry->attributes >> 16))
        return true;
    if (member_read(zip->descriptor, contents, &reader, &file, &error) &&
        !decoder_find(file.bytes, file.nbytes) && file.nbytes < MEMBER_MAX_PATH_NBYTES &&
        !memchr(file.bytes, '\0', file.nbytes))
        *target =
            names_charset_convert(entry->flags & FLAG_UTF8 ? NULL : zip->members->charset,
                                  (const char *)file.bytes, file.nbytes, zip->name, zip->error);
    source_reader_free(&reader);
    return *target || !error_ok(zip->error)
               ? *target != NULL
               : zip_refuse_member(zip, entry, "is a link without a target: damaged");
}

static bool zip_add_member(struct zip *zip, const struct zip_entry *entry, const char *name)
{
    struct member_contents contents = {.nbytes = entry->nbytes,
                                       .compressed_nbytes = entry->compressed_nbytes,
                                       .crc32 = entry->crc32,
                                       .has_crc32 = true,
                                       .storage = entry->method == METHOD_STORED ? MEMBER_IN_ARCHIVE
                                                  : entry->method == METHOD_DEFLATED
                                                      ? MEMBER_DEFLATED
                                                      : MEMBER_UNKNOWN};
    size_t length = strlen(name);
    char *target;
    bool ok;

    if (!zip_check_local(zip, entry, name, &contents))
        return false;
    if (entry->method == METHOD_STORED && entry->nbytes != entry->compressed_nbytes)
        return zip_refuse_member(zip, entry, "is described in two ways in the zip: damaged");
    if (length > 0 && name[length - 1] == '/')
        return entry->nbytes == 0
                   ? members_add_directory(zip->members, name, zip->error)
                   : zip_refuse_member(zip, entry, "is a directory with contents: damaged");
    if (!zip_read_link(zip, entry, &contents, &target))
        return false;
    ok = target ? members_add_symbolic_link(zip->members, name, target, zip->error)
                : members_add_file(zip->members, name, &contents, zip->error);
    free(target);
    return ok;
}

static bool zip_check_stopped(const struct zip *zip)
{
    int signal = signals_stop_requested();

    return !signal ||
           error_set(zip->error, STATUS_STOPPED, ERROR_AT(.file = zip->name),
                     "stopped by %s; nothing was written, run again", signals_name(signal));
}

static bool zip_list_directory(struct zip *zip)
{
    const uint8_t *at = zip->directory;
    struct progress progress = progress_begin(NULL, "list", "members", zip->num_members);
    bool ok = true;

    for (uint64_t i = 0; i < zip->num_members && ok; i++) {
        struct zip_entry entry;
        char *name = zip_parse_central(zip, &at, &entry) ? zip_copy_name(zip, &entry) : NULL;

        ok = name && zip_add_member(zip, &entry, name) && zip_check_stopped(zip);
        free(name);
        progress_update(&progress, i);
    }
    progress_clear(&progress);
    if (ok && at != zip->directory + zip->directory_nbytes)
        ok = zip_refuse(zip, "is damaged: its directory has more members than its end says");
    return ok;
}

bool zip_list(int descriptor, const char *name, struct members *members, struct error *error)
{
    struct zip zip = {.descriptor = descriptor, .name = name, .members = members, .error = error};
    struct stat info;
    bool ok;

    if (fstat(descriptor, &info) != 0)
        return error_set_errno(error, name, "cannot read");
    zip.nbytes = (uint64_t)info.st_size;
    if (!zip_find_end(&zip))
        return false;
    zip.directory = malloc((size_t)zip.directory_nbytes + 1);
    /* A header with a name and extra fields of any length has room in it. */
    zip.window = malloc(LOCAL_NBYTES + 2 * UINT16_MAX);
    ok = zip.directory && zip.window;
    if (!ok)
        error_set_memory(error, zip.directory_nbytes);
    ok = ok &&
         file_read_at(descriptor, name, zip.directory, (size_t)zip.directory_nbytes,
                      zip.directory_offset, error) &&
         zip_list_directory(&zip);
    free(zip.directory);
    free(zip.window);
    return ok;
}
