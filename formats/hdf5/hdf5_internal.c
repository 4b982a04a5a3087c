#include "formats/hdf5/hdf5_internal.h"

#include <stdlib.h>
#include <string.h>

#include "formats/file/seal.h"
#include "formats/hdf5/hdf5_driver.h"

/* Attributes stay in their object's header, which has a checksum, however many there are. */
enum { MAX_COMPACT_ATTRIBUTES = 64 };

/* Not thread-safe, as serial HDF5 itself is not. */
static int num_live_handles;

bool h5_ok(const struct h5_context *file)
{
    return error_ok(file->error);
}

/* ---- errors ---- */

static herr_t keep_description(unsigned depth, const H5E_error2_t *entry, void *reason)
{
    (void)depth;
    /* Walked from the API call downwards: the last description kept is the innermost. */
    if (entry->desc && entry->desc[0])
        snprintf(reason, 256, "%s", entry->desc);
    return 0;
}

static herr_t note_memory(unsigned depth, const H5E_error2_t *entry, void *is_without_memory)
{
    (void)depth;
    if (entry->min_num == H5E_CANTALLOC || entry->min_num == H5E_NOSPACE)
        *(bool *)is_without_memory = true;
    return 0;
}

void h5_fail(const struct h5_context *file, enum status status, const char *dataset,
             const char *what)
{
    bool is_without_memory = false;
    char reason[256] = "";

    if (!h5_ok(file))
        return;
    if (h5_driver_errno() != 0) {
        H5Eclear2(H5E_DEFAULT);
        error_set(file->error, STATUS_IO, ERROR_AT(.file = file->path, .dataset = dataset),
                  "%s: %s", what, strerror(h5_driver_errno()));
        return;
    }
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, note_memory, &is_without_memory);
    if (is_without_memory) {
        H5Eclear2(H5E_DEFAULT);
        error_set(file->error, STATUS_INTERNAL, ERROR_AT(.file = file->path, .dataset = dataset),
                  "%s: HDF5 has no memory", what);
        return;
    }
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_description, reason);
    H5Eclear2(H5E_DEFAULT);
    error_set(file->error, status, ERROR_AT(.file = file->path, .dataset = dataset), "%s%s%s%s",
              what, reason[0] ? " (HDF5: " : "", reason, reason[0] ? ")" : "");
}

void h5_refuse(const struct h5_context *file, const char *dataset, const char *what,
               const char *expected, const char *found)
{
    error_set(
        file->error, STATUS_DATA,
        ERROR_AT(.file = file->path, .dataset = dataset, .expected = expected, .found = found),
        "%s", what);
}

/* ---- handles ---- */

hid_t h5_hold(const struct h5_context *file, hid_t id, const char *dataset, const char *what)
{
    if (id < 0) {
        h5_fail(file, STATUS_DATA, dataset, what);
        return H5I_INVALID_HID;
    }
    num_live_handles++;
    return id;
}

/* Of a property list: no file can be blamed when there is none. */
static hid_t hold_list(const struct h5_context *file, hid_t id)
{
    if (id < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot make a property list");
    return h5_hold(file, id, NULL, "cannot make a property list");
}

void h5_close(const struct h5_context *file, hid_t *id)
{
    herr_t result = 0;
    bool is_file;

    if (*id < 0)
        return;
    is_file = H5Iget_type(*id) == H5I_FILE;
    switch (H5Iget_type(*id)) {
    case H5I_FILE:
        result = H5Fclose(*id);
        break;
    case H5I_GROUP:
        result = H5Gclose(*id);
        break;
    case H5I_DATASET:
        result = H5Dclose(*id);
        break;
    case H5I_DATASPACE:
        result = H5Sclose(*id);
        break;
    case H5I_DATATYPE:
        result = H5Tclose(*id);
        break;
    case H5I_ATTR:
        result = H5Aclose(*id);
        break;
    default:
        result = H5Pclose(*id);
        break;
    }
    num_live_handles--;
    *id = H5I_INVALID_HID;
    if (result < 0 || (is_file && h5_driver_errno() != 0))
        h5_fail(file, STATUS_IO, NULL, is_file ? "cannot write" : "cannot close");
    if (is_file)
        h5_driver_forget_errno();
}

int h5_num_live_handles(void)
{
    return num_live_handles;
}

static const char *storage_path(const struct h5_context *file)
{
    return file->storage_path ? file->storage_path : file->path;
}

static hid_t create_access_list(const struct h5_context *file)
{
    hid_t list = hold_list(file, H5Pcreate(H5P_FILE_ACCESS));

    if (h5_ok(file) && H5Pset_fclose_degree(list, H5F_CLOSE_SEMI) < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot set file properties");
    if (h5_ok(file) && h5_driver_choose(list) < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot set file properties");
    return list;
}

/* Its error stack is ours to print, what an earlier file met is not about this one. */
static void begin_hdf5(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    h5_driver_forget_errno();
}

hid_t h5_create_file(const struct h5_context *file)
{
    hid_t access = H5I_INVALID_HID, creation = H5I_INVALID_HID, id = H5I_INVALID_HID;

    begin_hdf5();
    access = create_access_list(file);
    creation = hold_list(file, H5Pcreate(H5P_FILE_CREATE));
    /* Pinned so that two HDF5 versions write the same structures; 1.8's carry checksums. */
    if (h5_ok(file) && H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot set file properties");
    if (h5_ok(file) && (H5Pset_obj_track_times(creation, false) < 0 ||
                        H5Pset_attr_phase_change(creation, MAX_COMPACT_ATTRIBUTES, 0) < 0))
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot set file properties");
    if (h5_ok(file)) {
        h5_driver_allow_open(true);
        id = H5Fcreate(storage_path(file), H5F_ACC_TRUNC, creation, access);
        h5_driver_allow_open(false);
        if (id < 0)
            h5_fail(file, STATUS_IO, NULL, "cannot create");
        else
            num_live_handles++;
    }
    h5_close(file, &creation);
    h5_close(file, &access);
    return id;
}

hid_t h5_open_file(const struct h5_context *file, bool *is_sealed)
{
    hid_t access = H5I_INVALID_HID, id = H5I_INVALID_HID;
    int num_threads = file->num_threads > 0 ? file->num_threads : 1;
    bool has_seal = false;

    begin_hdf5();
    if (!h5_ok(file) || !seal_check(storage_path(file), file->path, !file->skip_seal, num_threads,
                                    &has_seal, file->error))
        return id;
    if (is_sealed)
        *is_sealed = has_seal;
    access = create_access_list(file);
    if (h5_ok(file)) {
        h5_driver_allow_open(true);
        id = h5_hold(file, H5Fopen(storage_path(file), H5F_ACC_RDONLY, access), NULL,
                     "cannot be opened as an HDF5 file");
        h5_driver_allow_open(false);
    }
    h5_close(file, &access);
    return id;
}

hid_t h5_create_group(const struct h5_context *file, hid_t parent, const char *name)
{
    hid_t list = H5I_INVALID_HID, id = H5I_INVALID_HID;

    if (!h5_ok(file))
        return id;
    list = hold_list(file, H5Pcreate(H5P_GROUP_CREATE));
    if (h5_ok(file) && (H5Pset_obj_track_times(list, false) < 0 ||
                        H5Pset_attr_phase_change(list, MAX_COMPACT_ATTRIBUTES, 0) < 0))
        h5_fail(file, STATUS_INTERNAL, name, "cannot set group properties");
    if (h5_ok(file))
        id = h5_hold(file, H5Gcreate2(parent, name, H5P_DEFAULT, list, H5P_DEFAULT), name,
                     "cannot create the group");
    h5_close(file, &list);
    return id;
}

hid_t h5_open_group(const struct h5_context *file, hid_t parent, const char *name)
{
    if (!h5_ok(file))
        return H5I_INVALID_HID;
    return h5_hold(file, H5Gopen2(parent, name, H5P_DEFAULT), name, "has no such group");
}

bool h5_found(const struct h5_context *file, htri_t result, const char *name)
{
    bool is_without_memory = false;

    if (result < 0) {
        H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, note_memory, &is_without_memory);
        if (is_without_memory || h5_driver_errno() != 0)
            h5_fail(file, STATUS_IO, name, "cannot be looked up");
    }
    H5Eclear2(H5E_DEFAULT);
    return result > 0;
}

bool h5_exists(const struct h5_context *file, hid_t parent, const char *name)
{
    return h5_ok(file) && h5_found(file, H5Lexists(parent, name, H5P_DEFAULT), name) &&
           h5_found(file, H5Oexists_by_name(parent, name, H5P_DEFAULT), name);
}

hid_t h5_create_dataset_list(const struct h5_context *file)
{
    hid_t list = H5I_INVALID_HID;

    if (!h5_ok(file))
        return list;
    list = hold_list(file, H5Pcreate(H5P_DATASET_CREATE));
    if (h5_ok(file) && H5Pset_obj_track_times(list, false) < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot set dataset properties");
    return list;
}

hid_t h5_open_dataset(const struct h5_context *file, hid_t parent, const char *name)
{
    hid_t dataset = H5I_INVALID_HID, list = H5I_INVALID_HID;

    if (!h5_ok(file))
        return dataset;
    dataset = h5_hold(file, H5Dopen2(parent, name, H5P_DEFAULT), name, "has no such dataset");
    if (h5_ok(file))
        list = h5_hold(file, H5Dget_create_plist(dataset), name, "cannot read the layout");
    if (h5_ok(file) && H5Pget_layout(list) == H5D_VIRTUAL)
        h5_refuse(file, name, "is a virtual dataset, of which the values are in other datasets",
                  NULL, NULL);
    h5_close(file, &list);
    return dataset;
}

hid_t h5_create_text_type(const struct h5_context *file, size_t nbytes)
{
    hid_t type = H5I_INVALID_HID;

    if (!h5_ok(file))
        return type;
    type = h5_hold(file, H5Tcopy(H5T_C_S1), NULL, "cannot make a string type");
    if (h5_ok(file) &&
        (H5Tset_size(type, nbytes ? nbytes : 1) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 ||
         H5Tset_cset(type, H5T_CSET_UTF8) < 0))
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot make a string type");
    return type;
}
