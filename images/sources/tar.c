#include "images/sources/tar.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/progress.h"
#include "common/text.h"
#include "images/decoder.h"
#include "images/sources/array_pairs.h"
#include "images/sources/webdataset.h"

enum {
    BLOCK_NBYTES = 512,
    MAX_EXTENSION_NBYTES = 1 << 20, /* of a long name or of pax records */
    NUM_LEADING_NBYTES = 4096,      /* kept of what is no image: enough to say what it is */
    MAX_RATIO = 1200,               /* deflate shrinks to 1/1032 at the most */
};

/* Before the ratio counts: small archives may well be of equal images. */
static const uint64_t ratio_free_nbytes = (uint64_t)1 << 30;

/* A header as POSIX.1-1988 has it, and GNU tar but for the prefix. */
struct tar_header {
    char name[100];
    char mode[8], user[8], group[8];
    char size[12];
    char time[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[8];
    char user_name[32], group_name[32], device[16];
    char prefix[155];
    char padding[12];
};

_Static_assert(sizeof(struct tar_header) == BLOCK_NBYTES, "a header fills one block");

enum {
    MAX_NAME_NBYTES = 155 + 1 + 100 + 1, /* prefix/name */
    SPARSE_IS_EXTENDED_AT = 482,         /* in a header of GNU tar's type S */
    SPARSE_IS_CONTINUED_AT = 504,        /* in each block of its map */
};

struct tar {
    struct stream *stream;
    const char *name;
    struct spool *spool;
    struct members *members;
    struct error *error;
    bool is_end;         /* the last block was an end-of-archive mark */
    uint64_t num_blocks; /* headers and marks so far */

    /* What extensions say of the member whose header comes next. */
    char *path, *link;               /* NULL: as its header says */
    bool has_pax_path, has_pax_link; /* they are from pax records, and UTF-8 */
    bool has_size, is_sparse;
    uint64_t size;
};

static bool tar_refuse(const struct tar *tar, const char *what)
{
    if (tar->num_blocks == 0)
        return error_set(tar->error, STATUS_DATA, ERROR_AT(.file = tar->name),
                         "is no tar or zip archive, or damaged");
    return error_set(tar->error, STATUS_DATA, ERROR_AT(.file = tar->name),
                     "%s (at byte %" PRIu64 "%s)", what, stream_offset(tar->stream),
                     stream_is_compressed(tar->stream) ? " when decompressed" : "");
}

static void tar_forget_extensions(struct tar *tar)
{
    free(tar->path);
    free(tar->link);
    tar->path = tar->link = NULL;
    tar->has_size = tar->is_sparse = tar->has_pax_path = tar->has_pax_link = false;
}

/* ---- headers ---- */

/* An octal number that ends in a blank or zero byte, or fills its field; GNU tar writes one that is
 * too large in binary, after a byte of 0x80. */
static bool tar_read_number(const char *field, size_t nbytes, uint64_t *number)
{
    size_t i = 0;

    *number = 0;
    if ((uint8_t)field[0] == 0x80) {
        for (i = 1; i < nbytes; i++) {
            if (*number >> 55)
                return false;
            *number = *number << 8 | (uint8_t)field[i];
        }
        return true;
    }
    while (i < nbytes && field[i] == ' ')
        i++;
    for (; i < nbytes && field[i] >= '0' && field[i] <= '7'; i++)
        *number = *number * 8 + (uint64_t)(field[i] - '0');
    return i == nbytes || field[i] == ' ' || field[i] == '\0';
}

/* The sum of all bytes with blanks for the checksum; old writers took bytes as signed. */
static bool tar_has_checksum(const struct tar_header *header)
{
    const uint8_t *bytes = (const uint8_t *)header;
    uint64_t expected;
    int sum = 8 * ' ', signed_sum = 8 * ' ';

    for (size_t i = 0; i < BLOCK_NBYTES; i++) {
        sum += bytes[i];
        signed_sum += (int8_t)bytes[i];
    }
    for (size_t i = 0; i < sizeof(header->checksum); i++) {
        sum -= (uint8_t)header->checksum[i];
        signed_sum -= (int8_t)header->checksum[i];
    }
    return tar_read_number(header->checksum, sizeof(header->checksum), &expected) &&
           (expected == (uint64_t)sum || expected == (uint64_t)signed_sum);
}

static bool tar_is_zero(const void *block)
{
    static const uint8_t zeros[BLOCK_NBYTES];

    return memcmp(block, zeros, BLOCK_NBYTES) == 0;
}

/* The path in the header itself. */
static void tar_read_path(const struct tar_header *header, char path[MAX_NAME_NBYTES])
{
    /* GNU tar has other things where POSIX has the prefix. */
    bool has_prefix = memcmp(header->magic, "ustar", 6) == 0 && header->prefix[0] != '\0';
    size_t used = 0, length;

    if (has_prefix) {
        used = strnlen(header->prefix, sizeof(header->prefix));
        memcpy(path, header->prefix, used);
        path[used++] = '/';
    }
    length = strnlen(header->name, sizeof(header->name));
    memcpy(path + used, header->name, length);
    path[used + length] = '\0';
}

/* ---- extensions ---- */

/* Reads the body of an extension, with a NUL behind it; malloc'ed, NULL on failure. */
static char *tar_read_extension(struct tar *tar, uint64_t size)
{
    size_t done = 0;
    char *body;

    if (size > MAX_EXTENSION_NBYTES) {
        tar_refuse(tar, "is damaged: an extended header has no sane size");
        return NULL;
    }
    body = malloc((size_t)size + 1);
    if (!body)
        error_set_memory(tar->error, size + 1);
    while (body && done < size) {
        const uint8_t *bytes;
        size_t nbytes;
        bool ok = stream_peek(tar->stream, 1, &bytes, &nbytes, tar->error);

        if (ok && nbytes > size - done)
            nbytes = (size_t)size - done;
        if (ok && nbytes > 0)
            memcpy(body + done, bytes, nbytes);
        if (!ok || !stream_skip(tar->stream, nbytes ? nbytes : 1, tar->error)) {
            free(body);
            return NULL;
        }
        done += nbytes;
    }
    if (body)
        body[size] = '\0';
    return body;
}

/* A name of GNU tar's: the bytes and one NUL at their end. */
static bool tar_take_long_name(struct tar *tar, uint64_t size, char **name)
{
    char *body = tar_read_extension(tar, size);

    if (!body)
        return false;
    if (size < 2 || strlen(body) != size - 1) {
        free(body);
        return tar_refuse(tar, "is damaged: a long name is no name");
    }
    free(*name);
    *name = body;
    *(name == &tar->link ? &tar->has_pax_link : &tar->has_pax_path) = false;
    return true;
}

/* Keys of POSIX, which have no dot; all others have their owner's name before one. */
static bool tar_is_pax_key(const char *key)
{
    static const char *const keys[] = {"atime",    "charset", "comment", "ctime", "gid",
                                       "gname",    "mtime",   "uid",     "uname", "hdrcharset",
                                       "linkpath", "path",    "size",    NULL};
    size_t i = 0;

    while (keys[i] && strcmp(keys[i], key) != 0)
        i++;
    return keys[i] || strchr(key, '.');
}

/* Takes one record, of which key and value are texts now; false: it is damaged, or no memory. */
static bool tar_take_record(struct tar *tar, const char *key, const char *value, bool is_global)
{
    bool is_path = strcmp(key, "path") == 0, is_link = strcmp(key, "linkpath") == 0;
    bool is_size = strcmp(key, "size") == 0;
    char **name = is_link ? &tar->link : &tar->path, *end;

    if (!tar_is_pax_key(key) || (is_global && (is_path || is_link || is_size)))
        return tar_refuse(tar, "is damaged: a pax header has a record that there is not");
    if (strncmp(key, "GNU.sparse.", 11) == 0)
        tar->is_sparse = true;
    if (is_size) {
        tar->size = strtoull(value, &end, 10);
        tar->has_size = true;
        if (value[0] < '0' || value[0] > '9' || *end != '\0')
            return tar_refuse(tar, "is damaged: a size is no number");
    }
    /* The name of a sparse file stands beside one that GNU tar invents. */
    if (is_path ? tar->is_sparse && tar->path : !is_link && strcmp(key, "GNU.sparse.name") != 0)
        return true;
    free(*name);
    *name = strdup(value);
    *(is_link ? &tar->has_pax_link : &tar->has_pax_path) = text_is_utf8(value, strlen(value));
    return *name || error_set_memory(tar->error, strlen(value));
}

/* Records "LENGTH KEY=VALUE\n", of which the length counts all of it, in decimal. */
static bool tar_parse_records(struct tar *tar, char *body, size_t size, bool is_global)
{
    char *at = body, *end = body + size;

    while (at < end) {
        char *key, *equals;
        size_t left = (size_t)(end - at);
        unsigned long length = *at >= '1' && *at <= '9' ? strtoul(at, &key, 10) : 0;

        if (length < 5 || length > left || *key != ' ' || at[length - 1] != '\n')
            return tar_refuse(tar, "is damaged: a pax header holds no records");
        at[length - 1] = '\0';
        key++;
        equals = memchr(key, '=', (size_t)(at + length - key));
        if (!equals)
            return tar_refuse(tar, "is damaged: a pax header holds no records");
        *equals = '\0';
        /* A text, and where it is no name, one of a single line. */
        if (!strchr(key, '.') && strcmp(key, "comment") != 0 &&
            (equals + 1 + strlen(equals + 1) != at + length - 1 ||
             (!strstr(key, "path") && strchr(equals + 1, '\n'))))
            return tar_refuse(tar, "is damaged: a pax header holds a value that is no text");
        if (!tar_take_record(tar, key, equals + 1, is_global))
            return false;
        at += length;
    }
    return true;
}

static bool tar_take_records(struct tar *tar, uint64_t size, bool is_global)
{
    char *body = tar_read_extension(tar, size);
    bool ok = body && tar_parse_records(tar, body, (size_t)size, is_global);

    free(body);
    return ok;
}

/*
 * The bytes of a long name have no checksum.  But writers put as much of it as fits into the
 * header, which has one: where the two are alike but for one byte, that byte is damaged.  Others
 * (git archive) put another name there, which is unlike it in more than that.
 */
static bool tar_is_damaged_name(const char *long_name, const char *name)
{
    size_t num_equal = 0, num_different = 0;

    while (*name != '\0' && *long_name != '\0') {
        if (*name == '?' && (uint8_t)*long_name >= 0x80) {
            /* Python has one for each character that is not ASCII. */
            do {
                long_name++;
            } while (((uint8_t)*long_name & 0xc0) == 0x80);
            name++;
            continue;
        }
        if (*name++ == *long_name++)
            num_equal++;
        else
            num_different++;
    }
    return num_different == 1 && num_equal >= 4;
}

/* ---- contents ---- */

/* Copies a member to the spool, the stream being at its first byte; *taken is how much was. */
static bool tar_copy_to_spool(struct tar *tar, uint64_t nbytes, uint64_t *taken)
{
    struct spool *spool = tar->spool;

    for (*taken = 0; *taken < nbytes;) {
        const uint8_t *bytes;
        size_t available;

        if (!stream_peek(tar->stream, 1, &bytes, &available, tar->error))
            return false;
        if (available > nbytes - *taken)
            available = (size_t)(nbytes - *taken);
        if (!spool_append(spool, bytes, available, tar->error) ||
            !stream_skip(tar->stream, available ? available : 1, tar->error))
            return false;
        *taken += available;
        if (spool->nbytes > ratio_free_nbytes &&
            spool->nbytes / MAX_RATIO > stream_file_offset(tar->stream))
            return error_set(tar->error, STATUS_DATA, ERROR_AT(.file = tar->name),
                             "decompresses to more than %d times its size: refused", MAX_RATIO);
    }
    return true;
}

/*
 * Finds the contents of a file of nbytes; *taken is how much of it was read.  What is copied is
 * whole if it begins like an image, whatever its name (a hard link may give it another), or has the
 * name of an array or of a class.  Of
 * anything else with the name of an image the beginning is kept, to say what it is.
 */
static bool tar_find_contents(struct tar *tar, const char *path, uint64_t nbytes,
                              struct member_contents *contents, uint64_t *taken)
{
    const uint8_t *bytes;
    size_t available;

    *taken = 0;
    *contents = (struct member_contents){.offset = stream_offset(tar->stream), .nbytes = nbytes};
    if (!stream_is_compressed(tar->stream) || !tar->spool || nbytes > SOURCE_MAX_FILE_NBYTES)
        return true;
    if (!stream_peek(tar->stream, DECODER_MAX_SIGNATURE_NBYTES, &bytes, &available, tar->error))
        return false;
    if (available > nbytes)
        available = (size_t)nbytes;
    if (!decoder_find(bytes, available) && !array_pairs_has_name(file_base_name(path)) &&
        !webdataset_has_name(path)) {
        if (!decoder_has_extension(path))
            return true;
        if (nbytes > NUM_LEADING_NBYTES)
            nbytes = NUM_LEADING_NBYTES;
    }
    contents->storage = MEMBER_IN_SPOOL;
    contents->offset = tar->spool->nbytes;
    contents->nbytes = nbytes;
    return tar_copy_to_spool(tar, nbytes, taken);
}

/* ---- members ---- */

/* Is the next block one that stands where a header does? */
static bool tar_peek_header(struct tar *tar, bool *is_header)
{
    const uint8_t *block;
    size_t nbytes;

    if (!stream_peek(tar->stream, BLOCK_NBYTES, &block, &nbytes, tar->error))
        return false;
    *is_header = nbytes < BLOCK_NBYTES || tar_is_zero(block) ||
                 tar_has_checksum((const struct tar_header *)block);
    return true;
}

/* The map of GNU tar's sparse files goes on behind the header. */
static bool tar_skip_sparse_map(struct tar *tar, bool is_extended)
{
    while (is_extended) {
        const uint8_t *block;
        size_t nbytes;

        if (!stream_peek(tar->stream, BLOCK_NBYTES, &block, &nbytes, tar->error))
            return false;
        is_extended = nbytes >= BLOCK_NBYTES && block[SPARSE_IS_CONTINUED_AT] != 0;
        if (!stream_skip(tar->stream, BLOCK_NBYTES, tar->error))
            return false;
    }
    return true;
}

static bool tar_add_file(struct tar *tar, const char *path, const struct tar_header *header,
                         uint64_t size, uint64_t *taken)
{
    struct member_contents contents;

    if (header->type == 'S' &&
        !tar_skip_sparse_map(tar, ((const char *)header)[SPARSE_IS_EXTENDED_AT] != 0))
        return false;
    if (header->type == 'S' || tar->is_sparse)
        contents = (struct member_contents){.nbytes = size, .storage = MEMBER_SPARSE};
    else if (!tar_find_contents(tar, path, size, &contents, taken))
        return false;
    return members_add_file(tar->members, path, &contents, tar->error);
}

static bool tar_add_member(struct tar *tar, const struct tar_header *header, const char *path,
                           const char *link, uint64_t size, uint64_t *taken)
{
    size_t length = strlen(path);

    switch (header->type) {
    case '1':
        /* pax may give a link its contents once more. */
        return size > 0 ? tar_add_file(tar, path, header, size, taken)
                        : members_add_hard_link(tar->members, path, link, tar->error);
    case '2':
        return members_add_symbolic_link(tar->members, path, link, tar->error);
    case '3':
    case '4':
    case '6':
        members_refuse(tar->members, path, REFUSED_SPECIAL);
        return true;
    case '5':
    case 'D': /* with a list of its files, in GNU tar's incremental archives */
        return members_add_directory(tar->members, path, tar->error);
    case 'M':
        return tar_refuse(tar, "is one volume of several: join them");
    case 'V': /* the label of a volume */
        return true;
    default:
        if (length > 0 && path[length - 1] == '/')
            return members_add_directory(tar->members, path, tar->error);
        return tar_add_file(tar, path, header, size, taken);
    }
}

/* Skips what is left of a body, and what fills its last block. */
static bool tar_end_body(struct tar *tar, uint64_t size, uint64_t taken)
{
    uint64_t padded = (size + BLOCK_NBYTES - 1) / BLOCK_NBYTES * BLOCK_NBYTES;

    return stream_skip(tar->stream, padded - taken, tar->error);
}

/* Adds a member by its names as UTF-8.  Those of pax are UTF-8 as they are, if POSIX is kept to. */
static bool tar_add_converted(struct tar *tar, const struct tar_header *header, const char *path,
                              const char *link, uint64_t size, uint64_t *taken)
{
    struct names_charset *charset = tar->members->charset;
    char *path_utf8, *link_utf8;
    bool ok;

    if (!charset)
        return tar_add_member(tar, header, path, link, size, taken);
    path_utf8 = names_charset_convert(tar->has_pax_path ? NULL : charset, path, strlen(path),
                                      tar->name, tar->error);
    link_utf8 = names_charset_convert(tar->has_pax_link ? NULL : charset, link, strlen(link),
                                      tar->name, tar->error);
    ok = path_utf8 && link_utf8 && tar_add_member(tar, header, path_utf8, link_utf8, size, taken);
    free(path_utf8);
    free(link_utf8);
    return ok;
}

static bool tar_read_member(struct tar *tar, const struct tar_header *header, uint64_t size)
{
    char own_path[MAX_NAME_NBYTES], own_link[sizeof(header->link) + 1] = "";
    uint64_t taken = 0;
    bool has_no_body;

    tar_read_path(header, own_path);
    memcpy(own_link, header->link, sizeof(header->link));
    if (tar->has_size)
        size = tar->size;
    if (size > INT64_MAX - BLOCK_NBYTES)
        return tar_refuse(tar, "is damaged: a member has no sane size");
    if ((tar->path && !tar->is_sparse && tar_is_damaged_name(tar->path, own_path)) ||
        (tar->link && tar_is_damaged_name(tar->link, own_link)))
        return tar_refuse(tar, "is damaged: a long name contradicts its header");
    /* Some writers give links, devices and directories a size and no body. */
    if (size > 0 && header->type >= '1' && header->type <= '6') {
        if (!tar_peek_header(tar, &has_no_body))
            return false;
        if (has_no_body)
            size = 0;
    }
    if (!tar_add_converted(tar, header, tar->path ? tar->path : own_path,
                           tar->link ? tar->link : own_link, size, &taken))
        return false;
    tar_forget_extensions(tar);
    return tar_end_body(tar, size, taken);
}

/* Reads what a header is followed by: an extension, or a member. */
static bool tar_read_entry(struct tar *tar, const struct tar_header *header)
{
    uint64_t size;
    bool ok;

    if (!tar_read_number(header->size, sizeof(header->size), &size))
        return tar_refuse(tar, "is damaged: a size is no number");
    switch (header->type) {
    case 'L':
        ok = tar_take_long_name(tar, size, &tar->path);
        break;
    case 'K':
        ok = tar_take_long_name(tar, size, &tar->link);
        break;
    case 'x':
    case 'X':
    case 'g':
        ok = tar_take_records(tar, size, header->type == 'g');
        break;
    default:
        return tar_read_member(tar, header, size);
    }
    return ok && tar_end_body(tar, size, size);
}

/* Fewer bytes than a block are left: nothing, or zeros behind the end-of-archive mark. */
static bool tar_check_end(struct tar *tar, const uint8_t *bytes, size_t nbytes)
{
    for (size_t i = 0; i < nbytes; i++)
        if (!tar->is_end || bytes[i] != 0)
            return tar_refuse(tar, tar->is_end ? "has something behind its end-of-archive mark"
                                               : "is cut short");
    return tar->is_end || tar_refuse(tar, "is cut short: it has no end-of-archive mark");
}

static bool tar_read_block(struct tar *tar, const uint8_t *block)
{
    struct tar_header header;

    memcpy(&header, block, sizeof(header));
    if (tar_is_zero(block)) {
        tar->is_end = true;
        if (tar->path || tar->link || tar->has_size)
            return tar_refuse(tar, "is damaged: an extended header has no member");
    } else if (!tar_has_checksum(&header)) {
        return tar_refuse(tar, tar->num_blocks == 0 ? "is no tar or zip archive, or damaged"
                               : tar->is_end        ? "has something behind its end-of-archive mark"
                                             : "is damaged: a header has the wrong checksum");
    } else {
        tar->is_end = false;
    }
    tar->num_blocks++;
    return stream_skip(tar->stream, BLOCK_NBYTES, tar->error) &&
           (tar->is_end || tar_read_entry(tar, &header));
}

bool tar_list(struct stream *stream, const char *name, struct spool *spool, struct members *members,
              struct error *error)
{
    struct tar tar = {
        .stream = stream, .name = name, .spool = spool, .members = members, .error = error};
    struct progress progress =
        progress_begin(NULL, "list", "bytes", stream_file_nbytes(stream));
    bool ok = true;

    while (ok) {
        const uint8_t *bytes;
        size_t nbytes;

        ok = stream_peek(stream, BLOCK_NBYTES, &bytes, &nbytes, error);
        if (ok && nbytes < BLOCK_NBYTES) {
            ok = tar_check_end(&tar, bytes, nbytes);
            break;
        }
        ok = ok && tar_read_block(&tar, bytes);
        progress_update(&progress, stream_file_offset(stream));
    }
    progress_clear(&progress);
    tar_forget_extensions(&tar);
    return ok;
}
