#include "images/sources/arrays.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/tensor.h"
#include "common/text.h"
#include "images/sources/array_header.h"
#include "images/sources/array_pairs.h"
#include "images/sources/array_reading.h"
#include "images/sources/labelling.h"
#include "images/sources/stream.h"

enum {
    MIN_DIGITS = 5,       /* of the number of a row in its path */
    MAX_PATH_NBYTES = 32, /* "images/" and the digits of 64 bits */
};

/* Images and their labels. */
struct arrays_part {
    struct array_pair pair;
    struct array_place images, labels;
    struct array_header images_header, labels_header;
    uint64_t num_rows;
    struct image_shape shape;
    struct source_stamp stamp; /* of the file of the images, in a directory */
    size_t first;              /* row 0 in the scan */
    bool is_in_spool, has_contents;
    uint64_t offset; /* of row 0, where the images are read */
};

struct arrays {
    const char *path;
    bool is_archive;
    const struct spool *spool;
    struct text_list others; /* names at the top that are no arrays' */
    struct arrays_part parts[ARRAY_MAX_PAIRS];
    size_t num_parts;
};

/* ---- finding ---- */

static bool arrays_create(const char *path, bool is_archive, const struct spool *spool,
                          struct arrays **arrays, struct error *error)
{
    *arrays = calloc(1, sizeof(**arrays));
    if (!*arrays)
        return error_set_memory(error, sizeof(**arrays));
    (*arrays)->path = path;
    (*arrays)->is_archive = is_archive;
    (*arrays)->spool = spool;
    for (size_t i = 0; i < ARRAY_MAX_PAIRS; i++)
        (*arrays)->parts[i].images.descriptor = (*arrays)->parts[i].labels.descriptor = -1;
    return true;
}

void arrays_free(struct arrays *arrays)
{
    if (!arrays)
        return;
    for (size_t i = 0; i < ARRAY_MAX_PAIRS; i++) {
        struct array_place *places[] = {&arrays->parts[i].images, &arrays->parts[i].labels};

        for (int p = 0; p < 2; p++) {
            if (places[p]->is_own)
                file_close(&places[p]->descriptor);
            free(places[p]->name);
        }
    }
    text_list_free(&arrays->others);
    free(arrays);
}

static bool arrays_name_place(const struct arrays *arrays, const char *name,
                              struct array_place *place, struct error *error)
{
    size_t nbytes = strlen(arrays->path) + strlen(name) + 2;

    place->name = malloc(nbytes);
    if (!place->name)
        return error_set_memory(error, nbytes);
    text_format(place->name, nbytes, "%s/%s", arrays->path, name);
    return true;
}

static bool arrays_open_place(const struct arrays *arrays, int directory, const char *name,
                              struct array_place *place, struct source_stamp *stamp,
                              struct error *error)
{
    struct stat info;

    if (!arrays_name_place(arrays, name, place, error))
        return false;
    place->descriptor = file_open_at(directory, name);
    place->is_own = true;
    if (place->descriptor < 0 || fstat(place->descriptor, &info) != 0)
        return error_set_errno(error, place->name, "cannot open");
    if (!S_ISREG(info.st_mode))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = place->name), "is no regular file");
    place->part.nbytes = (uint64_t)info.st_size;
    place->nbytes = UINT64_MAX;
    *stamp = source_stamp_of(&info);
    return true;
}

/* Keeps the names that are of no part, to be named as ignored. */
static bool arrays_keep_others(struct arrays *arrays, const struct text_list *names,
                               struct error *error)
{
    bool ok = true;

    for (size_t i = 0; i < names->count && ok; i++) {
        bool is_used = names->items[i][0] == '.';

        for (size_t p = 0; p < arrays->num_parts; p++)
            is_used |= i == arrays->parts[p].pair.images || i == arrays->parts[p].pair.labels;
        ok = is_used || text_list_add(&arrays->others, names->items[i], error);
    }
    return ok;
}

/* Takes the pairs among the names; *arrays is freed and NULL if there are none. */
static bool arrays_take_pairs(struct arrays **arrays, const struct text_list *names,
                              struct error *error)
{
    struct array_pair pairs[ARRAY_MAX_PAIRS];
    size_t count = 0;
    bool ok = array_pairs_find((*arrays)->path, names, pairs, &count, error);

    for (size_t i = 0; i < count && ok; i++)
        (*arrays)->parts[i].pair = pairs[i];
    (*arrays)->num_parts = ok ? count : 0;
    ok = ok && arrays_keep_others(*arrays, names, error);
    if (!ok || count == 0) {
        arrays_free(*arrays);
        *arrays = NULL;
    }
    return ok;
}

bool arrays_find_in_directory(int directory, const char *path, struct arrays **arrays,
                              struct error *error)
{
    struct text_list names = {0};
    bool ok = file_list_directory(path, &names, error) &&
              arrays_create(path, false, NULL, arrays, error) &&
              arrays_take_pairs(arrays, &names, error);

    for (size_t i = 0; ok && *arrays && i < (*arrays)->num_parts; i++) {
        struct arrays_part *part = &(*arrays)->parts[i];
        struct source_stamp ignored;

        ok = arrays_open_place(*arrays, directory, names.items[part->pair.images], &part->images,
                               &part->stamp, error) &&
             arrays_open_place(*arrays, directory, names.items[part->pair.labels], &part->labels,
                               &ignored, error);
    }
    text_list_free(&names);
    return ok;
}

/* ---- in an archive ---- */

static size_t arrays_count_slashes(const char *path)
{
    size_t count = 0;

    for (; *path; path++)
        count += *path == '/';
    return count;
}

static const char *arrays_base_name(const struct members *members, size_t i)
{
    return file_base_name(members->paths + members->items[i].path);
}

/* How many directories are above the uppermost arrays; SIZE_MAX if there are none. */
static size_t arrays_find_depth(const struct members *members)
{
    size_t depth = SIZE_MAX;

    for (size_t i = 0; i < members->count; i++) {
        size_t own = arrays_count_slashes(members->paths + members->items[i].path);

        if (!members->items[i].is_hidden && members->items[i].kind == MEMBER_FILE && own < depth &&
            array_pairs_has_name(arrays_base_name(members, i)))
            depth = own;
    }
    return depth;
}

bool arrays_are_among(const struct members *members)
{
    return arrays_find_depth(members) != SIZE_MAX;
}

/* Lists the names of the files that lie with the uppermost arrays; indices [members->count] of
 * their members. */
static bool arrays_list_members(const struct members *members, struct text_list *names,
                                size_t *indices, struct error *error)
{
    size_t depth = arrays_find_depth(members);
    bool ok = true;

    for (size_t i = 0; i < members->count && ok; i++) {
        if (members->items[i].is_hidden || members->items[i].kind != MEMBER_FILE ||
            arrays_count_slashes(members->paths + members->items[i].path) != depth)
            continue;
        indices[names->count] = i;
        ok = text_list_add(names, arrays_base_name(members, i), error);
    }
    return ok;
}

static bool arrays_take_member(const struct arrays *arrays, int archive,
                               const struct members *members, size_t index,
                               struct array_place *place, struct error *error)
{
    const struct member_contents *contents = &members->items[index].contents;
    bool is_deflated = contents->storage == MEMBER_DEFLATED;

    if (!arrays_name_place(arrays, members->paths + members->items[index].path, place, error))
        return false;
    if (contents->storage != MEMBER_IN_ARCHIVE && contents->storage != MEMBER_IN_SPOOL &&
        !is_deflated)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = place->name),
                         "is neither stored nor deflated in the archive: pack it so");
    place->descriptor = contents->storage == MEMBER_IN_SPOOL ? arrays->spool->descriptor : archive;
    place->part = (struct stream_part){contents->offset,
                                       is_deflated ? contents->compressed_nbytes : contents->nbytes,
                                       is_deflated};
    place->nbytes = is_deflated ? contents->nbytes : UINT64_MAX;
    place->has_crc32 = contents->has_crc32;
    place->crc32 = contents->crc32;
    return true;
}

bool arrays_find_in_archive(int archive, const struct spool *spool, const char *path,
                            const struct members *members, struct arrays **arrays,
                            struct error *error)
{
    struct text_list names = {0};
    size_t *indices;
    bool ok;

    *arrays = NULL;
    if (!memory_allocate(&indices, members->count, sizeof(*indices), error))
        return false;
    ok = arrays_list_members(members, &names, indices, error) &&
         (names.count == 0 || (arrays_create(path, true, spool, arrays, error) &&
                               arrays_take_pairs(arrays, &names, error)));
    for (size_t i = 0; ok && *arrays && i < (*arrays)->num_parts; i++) {
        struct arrays_part *part = &(*arrays)->parts[i];

        ok = arrays_take_member(*arrays, archive, members, indices[part->pair.images],
                                &part->images, error) &&
             arrays_take_member(*arrays, archive, members, indices[part->pair.labels],
                                &part->labels, error);
    }
    text_list_free(&names);
    free(indices);
    return ok;
}

/* ---- headers ---- */

static bool arrays_refuse(const struct array_place *place, const struct array_header *header,
                          const char *expected, const char *advice, struct error *error)
{
    char shape[128];

    return error_set(error, STATUS_DATA,
                     ERROR_AT(.file = place->name, .expected = expected,
                              .found = TEXT("%s %s", header->type,
                                            array_describe_shape(header, shape, sizeof(shape)))),
                     "is of a type or shape that is not read (%s)", advice);
}

static bool arrays_check_images(struct arrays_part *part, struct error *error)
{
    const struct array_header *header = &part->images_header;
    const char *expected = "uint8 [N,H,W] or [N,H,W,3]";
    uint64_t channels = header->rank == 4 ? header->shape[3] : 1;

    if (header->kind != ARRAY_UNSIGNED || header->element_nbytes != 1)
        return arrays_refuse(&part->images, header, expected,
                             "in numpy, x.astype('uint8') after scaling to 0 to 255", error);
    if (header->is_column_major)
        return arrays_refuse(&part->images, header, expected,
                             "it is in Fortran order; in numpy, numpy.ascontiguousarray(x)", error);
    if (header->rank == 4 && (header->shape[1] == 1 || header->shape[1] == 3) && channels != 1 &&
        channels != 3)
        return arrays_refuse(&part->images, header, expected,
                             "channels come last; in numpy, x.transpose(0, 2, 3, 1)", error);
    if ((header->rank != 3 && header->rank != 4) || (channels != 1 && channels != 3))
        return arrays_refuse(&part->images, header, expected,
                             "in numpy, x.reshape(-1, height, width)", error);
    if (header->shape[0] == 0 || header->shape[1] == 0 || header->shape[2] == 0)
        return arrays_refuse(&part->images, header, expected, "it is empty", error);
    if (header->shape[1] > UINT32_MAX || header->shape[2] > UINT32_MAX ||
        header->shape[1] * header->shape[2] > SOURCE_MAX_FILE_NBYTES / channels ||
        header->shape[0] > UINT64_MAX / SOURCE_MAX_FILE_NBYTES)
        return arrays_refuse(&part->images, header, expected, "an image is beyond 1 GiB", error);
    part->shape =
        (struct image_shape){(size_t)header->shape[1], (size_t)header->shape[2], (size_t)channels};
    part->num_rows = header->shape[0];
    return true;
}

static bool arrays_check_labels(const struct arrays_part *part, struct error *error)
{
    const struct array_header *header = &part->labels_header;
    const char *expected = "whole numbers [N]";
    bool is_vector = header->rank == 1 || (header->rank == 2 && header->shape[1] == 1);

    if (header->kind == ARRAY_OTHER)
        return arrays_refuse(&part->labels, header, expected,
                             "in numpy, y.astype('int64') if it holds whole numbers", error);
    if (!is_vector)
        return arrays_refuse(&part->labels, header, expected,
                             "an image has one label; in numpy, y.argmax(1) of one-hot rows",
                             error);
    if (header->shape[0] != part->num_rows)
        return error_set(
            error, STATUS_DATA,
            ERROR_AT(.file = part->labels.name, .expected = TEXT("%" PRIu64, part->num_rows),
                     .found = TEXT("%" PRIu64, header->shape[0])),
            "holds another number of labels than there are images in %s", part->images.name);
    return true;
}

static uint64_t arrays_row_nbytes(const struct arrays_part *part)
{
    return image_num_values(&part->shape);
}

/* ---- the scan ---- */

/* Reads the header of one array and checks it. */
static bool arrays_read_header(struct arrays_part *part, bool is_labels, struct error *error)
{
    const struct array_place *place = is_labels ? &part->labels : &part->images;
    struct array_header *header = is_labels ? &part->labels_header : &part->images_header;
    struct array_reading reading;
    bool ok = array_reading_begin(&reading, place, error) &&
              array_reading_take_header(&reading, part->pair.is_npy, header) &&
              (is_labels ? arrays_check_labels(part, error) : arrays_check_images(part, error));

    if (ok)
        ok = array_reading_check_size(
            &reading, header->header_nbytes,
            part->num_rows * (is_labels ? header->element_nbytes : arrays_row_nbytes(part)));
    if (ok && !is_labels) {
        part->has_contents = !stream_is_compressed(reading.stream) && !place->has_crc32;
        part->is_in_spool = false;
        part->offset = place->part.offset + header->header_nbytes;
    }
    stream_close(reading.stream);
    return ok;
}

static bool arrays_set_label(const struct arrays_part *part, const uint8_t *element, size_t row,
                             struct labelling *labelling, struct error *error)
{
    const struct array_header *header = &part->labels_header;
    char name[24];

    if (header->kind == ARRAY_SIGNED)
        text_format(name, sizeof(name), "%" PRId64, array_get_signed(header, element));
    else
        text_format(name, sizeof(name), "%" PRIu64, array_get_unsigned(header, element));
    return labelling_set(labelling, part->first + row, name, part->pair.split, error);
}

static bool arrays_read_labels(const struct arrays_part *part, struct labelling *labelling,
                               struct error *error)
{
    size_t element_nbytes = part->labels_header.element_nbytes;
    struct array_header header;
    struct array_reading reading;
    bool ok = array_reading_begin(&reading, &part->labels, error) &&
              array_reading_take_header(&reading, part->pair.is_npy, &header);

    for (uint64_t row = 0; row < part->num_rows && ok;) {
        const uint8_t *bytes;
        size_t nbytes, count;

        ok = array_reading_peek(&reading, element_nbytes, (part->num_rows - row) * element_nbytes,
                                &bytes, &nbytes);
        count = ok ? nbytes / element_nbytes : 0;
        for (size_t i = 0; i < count && ok; i++)
            ok = arrays_set_label(part, bytes + i * element_nbytes, row + i, labelling, error);
        ok = ok && array_reading_take(&reading, bytes, count * element_nbytes);
        row += count;
    }
    ok = ok && array_reading_check_end(&reading);
    stream_close(reading.stream);
    return ok;
}

/* Reads all images once: compressed ones go to the spool, a checksum is checked. */
static bool arrays_prepare_images(struct arrays_part *part, struct spool *spool,
                                  struct error *error)
{
    uint64_t left = part->num_rows * arrays_row_nbytes(part);
    struct array_header header;
    struct array_reading reading;
    bool ok = array_reading_begin(&reading, &part->images, error) &&
              array_reading_take_header(&reading, part->pair.is_npy, &header);
    bool is_spooled = ok && stream_is_compressed(reading.stream);

    if (is_spooled)
        part->offset = spool->nbytes;
    while (left > 0 && ok) {
        const uint8_t *bytes;
        size_t nbytes = 0;

        ok = array_reading_peek(&reading, 1, left, &bytes, &nbytes) &&
             (!is_spooled || spool_append(spool, bytes, nbytes, error)) &&
             array_reading_take(&reading, bytes, nbytes);
        left -= nbytes;
    }
    ok = ok && array_reading_check_end(&reading) && (!is_spooled || spool_flush(spool, error));
    part->is_in_spool = is_spooled;
    part->has_contents = ok;
    stream_close(reading.stream);
    return ok;
}

/* "train/00042", with as many digits for each row of a part that their order is that of the rows.
 */
static void arrays_list_rows(const struct arrays_part *part, char **next, struct scan *scan)
{
    const char *folder = part->pair.split ? part->pair.split : "images";
    int width = snprintf(NULL, 0, "%" PRIu64, part->num_rows - 1);

    for (uint64_t row = 0; row < part->num_rows; row++) {
        scan->paths[scan->num_images++] = *next;
        *next += snprintf(*next, MAX_PATH_NBYTES, "%s/%0*" PRIu64, folder,
                          width > MIN_DIGITS ? width : MIN_DIGITS, row) +
                 1;
    }
}

static bool arrays_list(struct arrays *arrays, struct scan *scan, struct error *error)
{
    uint64_t num_rows = 0;
    char *next;
    bool ok = true;

    for (size_t i = 0; i < arrays->num_parts; i++) {
        arrays->parts[i].first = num_rows;
        num_rows += arrays->parts[i].num_rows;
    }
    if (!memory_allocate_unset(&scan->paths, num_rows, sizeof(*scan->paths), error) ||
        !memory_allocate_unset(&scan->path_bytes, num_rows, MAX_PATH_NBYTES, error) ||
        !labelling_create(num_rows, &scan->labelling, error))
        return false;
    next = scan->path_bytes;
    for (size_t i = 0; i < arrays->num_parts && ok; i++) {
        arrays_list_rows(&arrays->parts[i], &next, scan);
        ok = arrays_read_labels(&arrays->parts[i], scan->labelling, error);
    }
    for (size_t i = 0; i < arrays->others.count && ok; i++)
        ok = scan_add_other(scan, arrays->others.items[i], error);
    scan_finish(scan);
    return ok;
}

bool arrays_scan(struct arrays *arrays, bool wants_contents, struct spool *spool, struct scan *scan,
                 struct error *error)
{
    bool ok = true;

    *scan = (struct scan){0};
    for (size_t i = 0; i < arrays->num_parts && ok; i++)
        ok = arrays_read_header(&arrays->parts[i], false, error) &&
             arrays_read_header(&arrays->parts[i], true, error);
    ok = ok && arrays_list(arrays, scan, error);
    arrays->spool = spool;
    for (size_t i = 0; i < arrays->num_parts && ok && wants_contents; i++)
        ok =
            arrays->parts[i].has_contents || arrays_prepare_images(&arrays->parts[i], spool, error);
    if (!ok)
        scan_free(scan);
    return ok;
}

bool arrays_have_contents(const struct arrays *arrays)
{
    bool have_contents = true;

    for (size_t i = 0; i < arrays->num_parts; i++)
        have_contents &= arrays->parts[i].has_contents;
    return have_contents;
}

/* ---- reading ---- */

static const struct arrays_part *arrays_find_part(const struct arrays *arrays, size_t index)
{
    size_t i = arrays->num_parts - 1;

    while (i > 0 && index < arrays->parts[i].first)
        i--;
    return &arrays->parts[i];
}

struct source_stamp arrays_look(const struct arrays *arrays, size_t index,
                                const struct source_stamp *stamp)
{
    return arrays->is_archive ? *stamp : arrays_find_part(arrays, index)->stamp;
}

bool arrays_read(const struct arrays *arrays, size_t index, const struct source_stamp *stamp,
                 struct source_reader *reader, struct source_file *file, struct error *error)
{
    const struct arrays_part *part = arrays_find_part(arrays, index);
    uint64_t nbytes = arrays_row_nbytes(part);

    *file = (struct source_file){.stamp = arrays_look(arrays, index, stamp), .pixels = part->shape};
    if (!source_file_read(part->is_in_spool ? arrays->spool->descriptor : part->images.descriptor,
                          part->offset + (index - part->first) * nbytes, nbytes, reader, file,
                          error))
        return false;
    return file->nbytes == nbytes || error_set(error, STATUS_DATA, NULL, "is cut short");
}
