/* Two datasets of one name: types, shapes, and values in stretches. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/comparison/file_comparison_internal.h"

enum {
    STRETCH_NBYTES = 1 << 20,
    /* HDF5 decompresses a chunk as often as a stretch of it is read; so a stretch is a chunk, up to
     * this. */
    MAX_STRETCH_NBYTES = 1 << 28,
    MAX_RANK = 4,
    VALUE_SIZE = 300,
};

/* One of the two datasets. */
struct values {
    hid_t dataset;
    hid_t space;
    H5T_class_t type_class;
    bool is_signed;
    size_t type_nbytes; /* in the file */
    size_t rank;
    uint64_t shape[MAX_RANK];
    uint64_t chunk[MAX_RANK]; /* 1 where there are no chunks */
};

/* Both, and how they are read: values of element_nbytes of one type. */
struct values_pair {
    struct file_comparison_pair *files;
    const char *name;
    struct values sides[2];
    hid_t memory_type;
    size_t element_nbytes;
    uint8_t *buffers[2];
    /* found */
    uint64_t num_values, num_different, num_different_rows;
    uint64_t first[MAX_RANK];  /* where the first difference is */
    uint64_t last_row;         /* the last that differs */
    char texts[2][VALUE_SIZE]; /* its values */
};

/* ---- opening ---- */

static void values_read_chunk(const struct h5_context *file, struct values *side, const char *name)
{
    hid_t list = h5_hold(file, H5Dget_create_plist(side->dataset), name, "cannot read the layout");
    hsize_t chunk[H5S_MAX_RANK];

    for (size_t i = 0; i < side->rank; i++)
        side->chunk[i] = 1;
    if (h5_ok(file) && H5Pget_layout(list) == H5D_CHUNKED &&
        H5Pget_chunk(list, MAX_RANK, chunk) == (int)side->rank)
        for (size_t i = 0; i < side->rank; i++)
            side->chunk[i] = chunk[i] > 0 ? chunk[i] : 1;
    h5_close(file, &list);
}

static void values_open(const struct h5_context *file, hid_t root, const char *name,
                        struct values *side)
{
    hid_t type = H5I_INVALID_HID;

    side->dataset = h5_open_dataset(file, root, name);
    side->rank = h5_dataset_rank(file, side->dataset, name);
    if (h5_ok(file) && side->rank > MAX_RANK)
        h5_refuse(file, name, "has more dimensions than any dataset of quern",
                  TEXT("at most %d", MAX_RANK), TEXT("%zu", side->rank));
    if (h5_ok(file))
        type = h5_hold(file, H5Dget_type(side->dataset), name, "cannot read the dataset's type");
    if (!h5_ok(file))
        return;
    side->type_class = H5Tget_class(type);
    side->type_nbytes = H5Tget_size(type);
    side->is_signed = side->type_class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    h5_close(file, &type);
    h5_check_dataset(file, side->dataset, name, side->type_class, side->rank, side->shape);
    if (h5_ok(file))
        side->space =
            h5_hold(file, H5Dget_space(side->dataset), name, "cannot read the dataset's shape");
    values_read_chunk(file, side, name);
}

/* One type in memory for both.  Texts get room for the longer of the two. */
static void values_choose_type(struct values_pair *pair)
{
    const struct h5_context *file = &pair->files->files[0];
    const struct values *a = &pair->sides[0], *b = &pair->sides[1];
    size_t text_nbytes = a->type_nbytes > b->type_nbytes ? a->type_nbytes : b->type_nbytes;

    if (a->type_class == H5T_STRING)
        pair->memory_type = h5_create_text_type(file, text_nbytes);
    else if (a->type_class == H5T_FLOAT)
        pair->memory_type = a->type_nbytes <= 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
    else if (a->type_nbytes == 1)
        pair->memory_type = a->is_signed ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
    else if (a->type_nbytes <= 4)
        pair->memory_type = a->is_signed ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32;
    else
        pair->memory_type = a->is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
    if (h5_ok(file))
        pair->element_nbytes = H5Tget_size(pair->memory_type);
}

/* ---- in words ---- */

const char *file_comparison_format_type(char text[64], H5T_class_t type_class, bool is_signed,
                                        size_t type_nbytes)
{
    if (type_class == H5T_STRING)
        return text_format(text, 64, "texts");
    return text_format(text, 64, "%s of %zu bits",
                       type_class == H5T_FLOAT ? "reals"
                       : is_signed             ? "signed integers"
                                               : "unsigned integers",
                       8 * type_nbytes);
}

const char *file_comparison_format_shape(char text[128], size_t rank, const hsize_t *shape)
{
    size_t used = 0;

    snprintf(text, 128, "one value");
    for (size_t i = 0; i < rank && used < 128; i++)
        used += (size_t)snprintf(text + used, 128 - used, "%s%" PRIu64, i ? " x " : "",
                                 (uint64_t)shape[i]);
    return text;
}

static const char *values_format_type(char text[64], const struct values *side)
{
    return file_comparison_format_type(text, side->type_class, side->is_signed, side->type_nbytes);
}

static const char *values_format_shape(char text[128], const struct values *side)
{
    hsize_t shape[MAX_RANK];

    for (size_t i = 0; i < side->rank; i++)
        shape[i] = side->shape[i];
    return file_comparison_format_shape(text, side->rank, shape);
}

static void values_format_real(char text[VALUE_SIZE], const uint8_t *bytes, size_t nbytes,
                               bool with_bits)
{
    uint64_t bits = 0;
    float single;
    double real;

    if (nbytes == sizeof(single)) {
        uint32_t single_bits;

        memcpy(&single, bytes, sizeof(single));
        memcpy(&single_bits, bytes, sizeof(single_bits));
        real = (double)single;
        bits = single_bits;
    } else {
        memcpy(&real, bytes, sizeof(real));
        memcpy(&bits, bytes, sizeof(bits));
    }
    text_format(text, VALUE_SIZE, nbytes == sizeof(single) ? "%.9g" : "%.17g", real);
    if (with_bits)
        text_format(text, VALUE_SIZE, "%s (bits %0*" PRIx64 ")", isnan(real) ? "NaN" : "a zero",
                    (int)(2 * nbytes), bits);
}

static void values_format_one(char text[VALUE_SIZE], const struct values *side,
                              const uint8_t *bytes, size_t nbytes)
{
    uint64_t number = 0;

    if (side->type_class == H5T_STRING) {
        int length = (int)strnlen((const char *)bytes, nbytes < 200 ? nbytes : 200);

        text_format(text, VALUE_SIZE, "\"%.*s%s\"", length, (const char *)bytes,
                    length == 200 ? "..." : "");
    } else if (side->type_class == H5T_FLOAT) {
        values_format_real(text, bytes, nbytes, false);
    } else {
        memcpy(&number, bytes, nbytes); /* little-endian, as all machines supported are */
        if (side->is_signed && nbytes < 8 && (number >> (8 * nbytes - 1)) & 1)
            number |= UINT64_MAX << (8 * nbytes);
        if (side->is_signed)
            text_format(text, VALUE_SIZE, "%" PRId64, (int64_t)number);
        else
            text_format(text, VALUE_SIZE, "%" PRIu64, number);
    }
}

/* Notes the values of the first difference. */
static void values_take_first(struct values_pair *pair, const uint8_t *a, const uint8_t *b)
{
    const uint8_t *bytes[2] = {a, b};

    for (int i = 0; i < 2; i++)
        values_format_one(pair->texts[i], &pair->sides[i], bytes[i], pair->element_nbytes);
    /* Reals that print alike differ in their bits all the same: NaNs of two kinds, 0 and -0. */
    if (strcmp(pair->texts[0], pair->texts[1]) == 0 && pair->sides[0].type_class == H5T_FLOAT)
        for (int i = 0; i < 2; i++)
            values_format_real(pair->texts[i], bytes[i], pair->element_nbytes, true);
}

/* ---- values ---- */

/* A stretch of both datasets: count [rank] values from start [rank]. */
struct stretch {
    hsize_t start[MAX_RANK], count[MAX_RANK];
    size_t num_values;
};

static void values_read(struct values_pair *pair, int index, const struct stretch *stretch)
{
    const struct h5_context *file = &pair->files->files[index];
    const struct values *side = &pair->sides[index];
    hsize_t num_values = stretch->num_values;
    hid_t space;

    if (!h5_ok(file))
        return;
    space = h5_hold(file, H5Screate_simple(1, &num_values, NULL), pair->name,
                    "cannot make a dataspace");
    if (h5_ok(file) && side->rank > 0 &&
        H5Sselect_hyperslab(side->space, H5S_SELECT_SET, stretch->start, NULL, stretch->count,
                            NULL) < 0)
        h5_fail(file, STATUS_INTERNAL, pair->name, "cannot select values");
    if (h5_ok(file) && H5Dread(side->dataset, pair->memory_type, space, side->space, H5P_DEFAULT,
                               pair->buffers[index]) < 0)
        h5_fail(file, STATUS_DATA, pair->name, "cannot read the dataset");
    h5_close(file, &space);
}

/* The place [rank] of the value number index of a stretch. */
static void values_locate(const struct stretch *stretch, size_t rank, size_t index,
                          uint64_t place[MAX_RANK])
{
    for (size_t i = rank; i-- > 0;) {
        place[i] = stretch->start[i] + index % stretch->count[i];
        index /= stretch->count[i];
    }
}

static void values_compare_stretch(struct values_pair *pair, const struct stretch *stretch)
{
    size_t nbytes = pair->element_nbytes, rank = pair->sides[0].rank;

    for (int i = 0; i < 2; i++)
        values_read(pair, i, stretch);
    if (!h5_ok(&pair->files->files[0]) ||
        memcmp(pair->buffers[0], pair->buffers[1], stretch->num_values * nbytes) == 0)
        return;
    for (size_t i = 0; i < stretch->num_values; i++) {
        const uint8_t *a = pair->buffers[0] + i * nbytes, *b = pair->buffers[1] + i * nbytes;
        uint64_t place[MAX_RANK] = {0};

        if (memcmp(a, b, nbytes) == 0)
            continue;
        values_locate(stretch, rank, i, place);
        if (pair->num_different == 0) {
            memcpy(pair->first, place, sizeof(place));
            values_take_first(pair, a, b);
        }
        if (pair->num_different == 0 || place[0] != pair->last_row)
            pair->num_different_rows++;
        pair->last_row = place[0];
        pair->num_different++;
    }
}

/*
 * Cuts the values into stretches: whole along the dimensions behind `axis`, up to length along it,
 * one by one along those before.  Returns the bytes of a stretch.
 */
static size_t values_plan(const struct values_pair *pair, const uint64_t *shape, size_t *axis,
                          uint64_t *length)
{
    const struct values *side = &pair->sides[0];
    uint64_t inner = pair->element_nbytes, chunk;

    *axis = side->rank > 0 ? side->rank - 1 : 0;
    *length = 1;
    if (side->rank == 0)
        return pair->element_nbytes;
    while (*axis > 0 && shape[*axis] <= STRETCH_NBYTES / inner) {
        inner *= shape[*axis];
        (*axis)--;
    }
    *length = STRETCH_NBYTES / inner;
    chunk = side->chunk[*axis];
    if (*length >= chunk && chunk > 0)
        *length -= *length % chunk;
    else if (chunk <= MAX_STRETCH_NBYTES / inner)
        *length = chunk;
    if (*length == 0)
        *length = 1;
    if (*length > shape[*axis])
        *length = shape[*axis];
    return (size_t)(inner * *length);
}

/* Compares the values of both that lie within shape, none of whose sides is 0. */
static void values_compare(struct values_pair *pair, const uint64_t *shape)
{
    const struct h5_context *file = &pair->files->files[0];
    size_t rank = pair->sides[0].rank, axis;
    struct stretch stretch = {.num_values = 1};
    uint64_t length;
    size_t nbytes = values_plan(pair, shape, &axis, &length);
    bool is_end = false;

    for (int i = 0; i < 2; i++)
        if (!memory_allocate(&pair->buffers[i], nbytes, 1, file->error))
            return;
    while (!is_end && h5_ok(file)) {
        stretch.num_values = 1;
        for (size_t i = 0; i < rank; i++) {
            stretch.count[i] = i < axis ? 1 : i == axis ? length : shape[i];
            if (i == axis && length > shape[i] - stretch.start[i])
                stretch.count[i] = shape[i] - stretch.start[i];
            stretch.num_values *= stretch.count[i];
        }
        values_compare_stretch(pair, &stretch);
        /* To the next one: along the axis, then along those before it. */
        is_end = true;
        for (size_t i = rank > 0 ? axis + 1 : 0; i-- > 0 && is_end;) {
            stretch.start[i] += stretch.count[i];
            is_end = stretch.start[i] >= shape[i];
            if (is_end)
                stretch.start[i] = 0;
        }
    }
}

/* ---- two datasets ---- */

/* "[12, 3, 4]"; of one dimension "row 12". */
static const char *values_format_place(char text[128], const uint64_t *place, size_t rank)
{
    size_t used = 0;

    if (rank <= 1)
        return text_format(text, 128, rank == 0 ? "its value" : "row %" PRIu64, place[0]);
    for (size_t i = 0; i < rank; i++)
        used += (size_t)snprintf(text + used, 128 - used, "%s%" PRIu64, i ? ", " : "[", place[i]);
    snprintf(text + used, 128 - used, "]");
    return text;
}

/* The path of a row: of A's dataset paths beside this one, if there is one. */
static void values_describe_row(struct values_pair *pair, char *text, size_t size)
{
    const struct h5_context *file = &pair->files->files[0];
    const char *slash = strrchr(pair->name, '/');
    struct values_pair paths = {.files = pair->files, .memory_type = H5I_INVALID_HID};
    struct values *side = &paths.sides[0];
    struct stretch row = {.start = {pair->first[0]}, .count = {1}, .num_values = 1};
    char name[330];

    text[0] = '\0';
    *side = (struct values){.dataset = H5I_INVALID_HID, .space = H5I_INVALID_HID};
    paths.name =
        text_format(name, sizeof(name), "%.*s/paths", (int)(slash - pair->name), pair->name);
    if (strcmp(slash, "/paths") == 0 || !h5_exists(file, pair->files->roots[0], name))
        return;
    values_open(file, pair->files->roots[0], name, side);
    if (h5_ok(file) && side->type_class == H5T_STRING && side->rank == 1 &&
        row.start[0] < side->shape[0] && pair->sides[0].shape[0] == side->shape[0]) {
        paths.sides[1] = *side;
        values_choose_type(&paths);
        if (h5_ok(file) &&
            memory_allocate(&paths.buffers[0], paths.element_nbytes + 1, 1, file->error))
            values_read(&paths, 0, &row);
        if (h5_ok(file))
            text_format(text, size, " (%.200s)", (const char *)paths.buffers[0]);
        h5_close(file, &paths.memory_type);
    }
    free(paths.buffers[0]);
    h5_close(file, &side->space);
    h5_close(file, &side->dataset);
}

static void values_note(struct values_pair *pair, bool is_derived, bool is_partial)
{
    char what[sizeof(((struct difference *)0)->what)], place[128], path[220], counts[3][32];
    char shapes[2][128];
    size_t used = 0;

    if (is_partial)
        used = (size_t)snprintf(what, sizeof(what), "A has %s values\nB has %s\n",
                                values_format_shape(shapes[0], &pair->sides[0]),
                                values_format_shape(shapes[1], &pair->sides[1]));
    if (pair->num_different > 0) {
        values_describe_row(pair, path, sizeof(path));
        used += (size_t)snprintf(what + used, sizeof(what) - used, "%s %s%s\nA has %s\nB has %s\n",
                                 is_partial ? "they part at" : "first at",
                                 values_format_place(place, pair->first, pair->sides[0].rank), path,
                                 pair->texts[0], pair->texts[1]);
    }
    if (pair->num_different > 0 && !is_partial)
        used +=
            (size_t)snprintf(what + used, sizeof(what) - used, "%s of %s values differ",
                             text_group_digits(counts[0], sizeof(counts[0]), pair->num_different),
                             text_group_digits(counts[1], sizeof(counts[1]), pair->num_values));
    if (pair->num_different > 0 && !is_partial && pair->sides[0].rank > 1)
        snprintf(what + used, sizeof(what) - used, ", in %s of %" PRIu64 " rows",
                 text_group_digits(counts[2], sizeof(counts[2]), pair->num_different_rows),
                 pair->sides[0].shape[0]);
    file_comparison_note(pair->files->comparison, is_derived, pair->name, what);
}

static bool values_has_same_type(const struct values_pair *pair)
{
    const struct values *a = &pair->sides[0], *b = &pair->sides[1];

    return a->type_class == b->type_class && a->rank == b->rank &&
           (a->type_class == H5T_STRING ||
            (a->type_nbytes == b->type_nbytes && a->is_signed == b->is_signed));
}

/* Compares what both have: of lists of two lengths, the rows up to the end of the shorter. */
static void values_compare_and_note(struct values_pair *pair, bool is_derived)
{
    const struct values *a = &pair->sides[0], *b = &pair->sides[1];
    uint64_t shape[MAX_RANK] = {0};
    bool is_same_shape = memcmp(a->shape, b->shape, a->rank * sizeof(a->shape[0])) == 0;
    bool is_empty = false;

    pair->num_values = 1;
    for (size_t i = 0; i < a->rank; i++) {
        shape[i] = a->shape[i] < b->shape[i] ? a->shape[i] : b->shape[i];
        is_empty = is_empty || shape[i] == 0;
        pair->num_values *= shape[i]; /* no more than the file holds: h5_open_dataset */
    }
    if (!is_empty && (is_same_shape || a->rank == 1)) {
        values_choose_type(pair);
        values_compare(pair, shape);
        if (a->type_class == H5T_STRING)
            h5_close(&pair->files->files[0], &pair->memory_type);
    }
    if (h5_ok(&pair->files->files[0]) && (!is_same_shape || pair->num_different > 0))
        values_note(pair, is_derived, !is_same_shape);
}

void file_comparison_compare_values(struct file_comparison_pair *files, const char *name,
                                    bool is_derived)
{
    struct values_pair pair = {.files = files, .name = name, .memory_type = H5I_INVALID_HID};
    char types[2][64], shapes[2][128];

    for (int i = 0; i < 2; i++) {
        pair.sides[i] = (struct values){.dataset = H5I_INVALID_HID, .space = H5I_INVALID_HID};
        values_open(&files->files[i], files->roots[i], name, &pair.sides[i]);
    }
    if (h5_ok(&files->files[0]) && !values_has_same_type(&pair))
        file_comparison_note(files->comparison, is_derived, name,
                             TEXT("A has %s, %s\nB has %s, %s",
                                  values_format_type(types[0], &pair.sides[0]),
                                  values_format_shape(shapes[0], &pair.sides[0]),
                                  values_format_type(types[1], &pair.sides[1]),
                                  values_format_shape(shapes[1], &pair.sides[1])));
    else if (h5_ok(&files->files[0]))
        values_compare_and_note(&pair, is_derived);
    for (int i = 0; i < 2; i++) {
        free(pair.buffers[i]);
        h5_close(&files->files[i], &pair.sides[i].space);
        h5_close(&files->files[i], &pair.sides[i].dataset);
    }
}
