/* Attributes, and the format attributes that every file of ours starts with. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/text.h"
#include "formats/hdf5/hdf5.h"
#include "formats/hdf5/hdf5_check.h"

static void h5_write_attribute(const struct h5_context *file, hid_t object, const char *name,
                               hid_t file_type, hid_t memory_type, const uint64_t *num_values,
                               const void *values)
{
    hid_t space = H5I_INVALID_HID, attribute = H5I_INVALID_HID;

    if (!h5_ok(file))
        return;
    space = h5_hold(file,
                    num_values ? H5Screate_simple(1, (const hsize_t[]){*num_values}, NULL)
                               : H5Screate(H5S_SCALAR),
                    name, "cannot make a dataspace");
    if (h5_ok(file))
        attribute =
            h5_hold(file, H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT),
                    name, "cannot create the attribute");
    if (h5_ok(file) && H5Awrite(attribute, memory_type, values) < 0)
        h5_fail(file, STATUS_IO, name, "cannot write the attribute");
    h5_close(file, &attribute);
    h5_close(file, &space);
}

void h5_write_text_attribute(const struct h5_context *file, hid_t object, const char *name,
                             const char *text)
{
    hid_t type = h5_create_text_type(file, strlen(text));

    h5_write_attribute(file, object, name, type, type, NULL, text);
    h5_close(file, &type);
}

void h5_write_count_attribute(const struct h5_context *file, hid_t object, const char *name,
                              uint64_t count)
{
    h5_write_attribute(file, object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, NULL, &count);
}

void h5_write_crc32_attribute(const struct h5_context *file, hid_t object, const char *name,
                              uint32_t crc32)
{
    h5_write_attribute(file, object, name, H5T_STD_U32LE, H5T_NATIVE_UINT32, NULL, &crc32);
}

void h5_write_real_attribute(const struct h5_context *file, hid_t object, const char *name,
                             double real)
{
    h5_write_attribute(file, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, NULL, &real);
}

void h5_write_counts_attribute(const struct h5_context *file, hid_t object, const char *name,
                               const uint64_t *counts, size_t num_counts)
{
    uint64_t num_values = num_counts;

    h5_write_attribute(file, object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &num_values, counts);
}

void h5_write_reals_attribute(const struct h5_context *file, hid_t object, const char *name,
                              const double *reals, size_t num_reals)
{
    uint64_t num_values = num_reals;

    h5_write_attribute(file, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &num_values, reals);
}

void h5_write_dimension_labels(const struct h5_context *file, hid_t dataset,
                               const char *const *labels, size_t num_labels)
{
    /* What H5DSset_label writes, without the high-level library: one variable-length ASCII
     * string per dimension in DIMENSION_LABELS. */
    hid_t type = H5I_INVALID_HID;
    uint64_t num_values = num_labels;

    if (!h5_ok(file))
        return;
    type = h5_hold(file, H5Tcopy(H5T_C_S1), NULL, "cannot make a string type");
    if (h5_ok(file) && H5Tset_size(type, H5T_VARIABLE) < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot make a string type");
    h5_write_attribute(file, dataset, "DIMENSION_LABELS", type, type, &num_values, labels);
    h5_close(file, &type);
}

/* Refuses an open attribute that is no plain number or text, or claims more than the file can hold.
 */
static void h5_check_attribute(const struct h5_context *file, hid_t attribute, const char *name,
                               size_t *num_values, H5T_class_t *type_class)
{
    hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    uint64_t nbytes, count = 0;

    type = h5_hold(file, H5Aget_type(attribute), name, "cannot read the attribute's type");
    if (h5_ok(file))
        h5_check_type(file, type, name);
    if (h5_ok(file))
        space = h5_hold(file, H5Aget_space(attribute), name, "cannot read the attribute's shape");
    if (h5_ok(file) && H5Sget_simple_extent_type(space) != H5S_NULL)
        count = (uint64_t)H5Sget_simple_extent_npoints(space);
    if (h5_ok(file) && (__builtin_mul_overflow(count, H5Tget_size(type), &nbytes) ||
                        nbytes > h5_file_nbytes(file, attribute)))
        h5_refuse(file, name, "the attribute claims more data than the file can hold", NULL, NULL);
    if (h5_ok(file)) {
        *num_values = (size_t)count;
        *type_class = H5Tget_class(type);
    }
    h5_close(file, &space);
    h5_close(file, &type);
}

/* Opens an attribute and tells what it holds; both are 0 and H5T_NO_CLASS on failure. */
static hid_t h5_open_attribute(const struct h5_context *file, hid_t object, const char *name,
                               size_t *num_values, H5T_class_t *type_class)
{
    hid_t attribute = H5I_INVALID_HID;

    *num_values = 0;
    *type_class = H5T_NO_CLASS;
    if (!h5_ok(file))
        return attribute;
    attribute = h5_hold(file, H5Aopen(object, name, H5P_DEFAULT), name, "has no such attribute");
    if (h5_ok(file))
        h5_check_attribute(file, attribute, name, num_values, type_class);
    return attribute;
}

size_t h5_num_attribute_values(const struct h5_context *file, hid_t object, const char *name)
{
    size_t num_values;
    H5T_class_t type_class;
    hid_t attribute = h5_open_attribute(file, object, name, &num_values, &type_class);

    h5_close(file, &attribute);
    return num_values;
}

H5T_class_t h5_attribute_class(const struct h5_context *file, hid_t object, const char *name)
{
    size_t num_values;
    H5T_class_t type_class;
    hid_t attribute = h5_open_attribute(file, object, name, &num_values, &type_class);

    h5_close(file, &attribute);
    return type_class;
}

void h5_describe_attribute(const struct h5_context *file, hid_t object, const char *name,
                           struct h5_attribute_info *info)
{
    hid_t attribute, type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    int rank = 0;

    *info = (struct h5_attribute_info){.type_class = H5T_NO_CLASS};
    attribute = h5_open_attribute(file, object, name, &info->num_values, &info->type_class);
    if (h5_ok(file))
        type = h5_hold(file, H5Aget_type(attribute), name, "cannot read the attribute's type");
    if (h5_ok(file))
        space = h5_hold(file, H5Aget_space(attribute), name, "cannot read the attribute's shape");
    if (h5_ok(file)) {
        info->type_nbytes = H5Tget_size(type);
        info->is_signed = info->type_class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
        rank = H5Sget_simple_extent_dims(space, info->shape, NULL);
    }
    if (h5_ok(file) && rank < 0)
        h5_fail(file, STATUS_DATA, name, "cannot read the attribute's shape");
    info->rank = rank > 0 ? (size_t)rank : 0;
    h5_close(file, &space);
    h5_close(file, &type);
    h5_close(file, &attribute);
}

/* Opens an attribute of num_values values (1 may be a scalar) of a type. */
static hid_t h5_open_values(const struct h5_context *file, hid_t object, const char *name,
                            size_t num_values, H5T_class_t type_class)
{
    size_t found;
    H5T_class_t found_class;
    hid_t attribute = h5_open_attribute(file, object, name, &found, &found_class);

    if (h5_ok(file) && found != num_values)
        h5_refuse(file, name, "the attribute has the wrong number of values",
                  TEXT("%zu", num_values), TEXT("%zu", found));
    if (h5_ok(file) && found_class != type_class)
        h5_refuse(file, name, "the attribute has the wrong type", h5_class_name(type_class),
                  h5_class_name(found_class));
    return attribute;
}

static void h5_read_values(const struct h5_context *file, hid_t object, const char *name,
                           hid_t memory_type, H5T_class_t type_class, size_t num_values,
                           void *values)
{
    hid_t attribute = h5_open_values(file, object, name, num_values, type_class);

    if (h5_ok(file) && H5Aread(attribute, memory_type, values) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot read the attribute");
    h5_close(file, &attribute);
}

uint64_t h5_read_count_attribute(const struct h5_context *file, hid_t object, const char *name)
{
    uint64_t count = 0;

    h5_read_values(file, object, name, H5T_NATIVE_UINT64, H5T_INTEGER, 1, &count);
    return count;
}

double h5_read_real_attribute(const struct h5_context *file, hid_t object, const char *name)
{
    double real = 0;

    h5_read_values(file, object, name, H5T_NATIVE_DOUBLE, H5T_FLOAT, 1, &real);
    return real;
}

void h5_read_reals_attribute(const struct h5_context *file, hid_t object, const char *name,
                             double *reals, size_t num_reals)
{
    h5_read_values(file, object, name, H5T_NATIVE_DOUBLE, H5T_FLOAT, num_reals, reals);
}

void h5_read_counts_attribute(const struct h5_context *file, hid_t object, const char *name,
                              uint64_t *counts, size_t num_counts)
{
    h5_read_values(file, object, name, H5T_NATIVE_UINT64, H5T_INTEGER, num_counts, counts);
}

void h5_read_integers_attribute(const struct h5_context *file, hid_t object, const char *name,
                                int64_t *integers, size_t num_integers)
{
    h5_read_values(file, object, name, H5T_NATIVE_INT64, H5T_INTEGER, num_integers, integers);
}

void h5_read_text_attribute(const struct h5_context *file, hid_t object, const char *name,
                            char *text, size_t size)
{
    hid_t attribute = h5_open_values(file, object, name, 1, H5T_STRING);
    hid_t type = H5I_INVALID_HID, memory_type = H5I_INVALID_HID;
    size_t nbytes;

    text[0] = '\0';
    if (h5_ok(file))
        type = h5_hold(file, H5Aget_type(attribute), name, "cannot read the attribute's type");
    if (!h5_ok(file))
        goto out;
    nbytes = H5Tget_size(type);
    if (nbytes >= size) {
        h5_refuse(file, name, "the attribute is too long", TEXT("at most %zu bytes", size - 1),
                  TEXT("%zu", nbytes));
        goto out;
    }
    memory_type = h5_create_text_type(file, nbytes);
    if (h5_ok(file) && H5Aread(attribute, memory_type, text) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot read the attribute");
    text[nbytes] = '\0';
out:
    h5_close(file, &memory_type);
    h5_close(file, &type);
    h5_close(file, &attribute);
}

/* ---- items ---- */

enum { MAX_ITEM_VALUE = 64, MAX_ITEM_NAME = 32 };

void h5_write_items(const struct h5_context *file, hid_t root, const char *name,
                    const char *description, const char *items)
{
    hid_t group = h5_create_group(file, root, name);

    h5_write_text_attribute(file, group, "description", description);
    for (const char *at = items; *at && h5_ok(file);) {
        size_t length = strcspn(at, " "), name_length = strcspn(at, "=");

        assert(name_length > 0 && name_length < length && name_length < MAX_ITEM_NAME &&
               length - name_length <= MAX_ITEM_VALUE);
        h5_write_text_attribute(
            file, group, TEXT("%.*s", (int)name_length, at),
            TEXT("%.*s", (int)(length - name_length - 1), at + name_length + 1));
        at += length;
        at += strspn(at, " ");
    }
    h5_write_crc32_attribute(file, group, "crc32", crc32_of(items, strlen(items)));
    h5_close(file, &group);
}

void h5_read_items(const struct h5_context *file, hid_t root, const char *name, char *items,
                   size_t size)
{
    struct text_list names = {0};
    hid_t group = H5I_INVALID_HID;
    size_t used = 0;

    items[0] = '\0';
    if (!h5_exists(file, root, name))
        return;
    group = h5_open_group(file, root, name);
    h5_list_attributes(file, group, &names);
    for (size_t i = 0; i < names.count && h5_ok(file) && used < size; i++) {
        const char *item = names.items[i];
        char value[MAX_ITEM_VALUE];

        if (strcmp(item, "description") == 0 || strcmp(item, "crc32") == 0)
            continue;
        h5_read_text_attribute(file, group, item, value, sizeof(value));
        if (h5_ok(file) && (strlen(item) >= MAX_ITEM_NAME || strpbrk(item, " =") ||
                            value[0] == '\0' || strchr(value, ' ')))
            h5_refuse(file, name, "an attribute that is no item", NULL, NULL);
        used +=
            (size_t)snprintf(items + used, size - used, "%s%s=%s", used ? " " : "", item, value);
    }
    if (h5_ok(file) && used >= size)
        h5_refuse(file, name, "too many attributes, or too long ones", NULL, NULL);
    if (h5_ok(file) &&
        h5_read_count_attribute(file, group, "crc32") != crc32_of(items, strlen(items)))
        h5_refuse(file, name, "the attributes do not match their CRC-32: they were edited", NULL,
                  NULL);
    text_list_free(&names);
    h5_close(file, &group);
}

void h5_write_format(const struct h5_context *file, hid_t root, const char *format,
                     const char *version)
{
    h5_write_text_attribute(file, root, "format", format);
    h5_write_text_attribute(file, root, "format_version", version);
    h5_write_text_attribute(file, root, "created_by", "quern " QUERN_VERSION);
}

void h5_check_format(const struct h5_context *file, hid_t root, const char *format,
                     unsigned major_version)
{
    char found[64], version[64], *end;

    if (!h5_ok(file))
        return;
    if (!h5_found(file, H5Aexists(root, "format"), "format")) {
        /* Does nothing if that failed. */
        h5_refuse(file, NULL, "not a quern file", TEXT("format '%s'", format),
                  "no format attribute");
        return;
    }
    h5_read_text_attribute(file, root, "format", found, sizeof(found));
    if (h5_ok(file) && strcmp(found, format) != 0)
        h5_refuse(file, NULL, "another kind of file", TEXT("'%s'", format), TEXT("'%s'", found));
    h5_read_text_attribute(file, root, "format_version", version, sizeof(version));
    if (h5_ok(file) && (strtoul(version, &end, 10) != major_version || *end != '.'))
        h5_refuse(file, NULL, "a version that this program cannot read",
                  TEXT("%u.x", major_version), version);
}
