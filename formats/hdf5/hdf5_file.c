/* Errors, handles, files and groups. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/text.h"
#include "formats/file/atomic_file.h"
#include "formats/hdf5/hdf5.h"
#include "formats/hdf5/hdf5_check.h"
#include "formats/hdf5/hdf5_driver.h"

/* Attributes stay in their object's header, which has a checksum, however many there are. */
enum { MAX_COMPACT_ATTRIBUTES = 64 };

/* More than HDF5 needs at once for anything in a file of ours that is whole. */
enum { AMPLE_NBYTES = 1 << 28 };

/* Not thread-safe, as serial HDF5 itself is not. */
static int num_live_handles;

bool h5_ok(const struct h5_context *file)
{
    return error_ok(file->error);
}

/* ---- errors ---- */

static herr_t h5_keep_description(unsigned depth, const H5E_error2_t *entry, void *reason)
{
    (void)depth;
    /* Walked from the API call downwards: the last description kept is the innermost. */
    if (entry->desc && entry->desc[0])
        snprintf(reason, 256, "%s", entry->desc);
    return 0;
}

static herr_t h5_note_memory(unsigned depth, const H5E_error2_t *entry, void *is_without_memory)
{
    (void)depth;
    if (entry->min_num == H5E_CANTALLOC || entry->min_num == H5E_NOSPACE)
        *(bool *)is_without_memory = true;
    return 0;
}

int h5_errno(const struct h5_context *file)
{
    return file->storage ? h5_storage_errno(file->storage) : 0;
}

/*
 * HDF5 says that it has no memory, too, where damaged bytes ask for an amount that nobody has, or
 * for 0 bytes.  It does not say for how much.  So, in a file whose bytes nobody vouches for, it is
 * damage where an ample amount can still be had.
 */
static bool h5_asks_for_too_much(const struct h5_context *file)
{
    void *volatile memory; /* so that no compiler leaves the call out */
    bool is_ample;

    if (!file->storage || h5_storage_is_trusted(file->storage))
        return false;
    memory = malloc(AMPLE_NBYTES);
    is_ample = memory != NULL;
    free(memory);
    return is_ample;
}

static void h5_fail_for_memory(const struct h5_context *file, const char *dataset, const char *what)
{
    bool is_damage = h5_asks_for_too_much(file);

    H5Eclear2(H5E_DEFAULT);
    error_set(file->error, is_damage ? STATUS_DATA : STATUS_INTERNAL,
              ERROR_AT(.file = file->path, .dataset = dataset),
              is_damage ? "%s: a size in the file is damaged: HDF5 asks for memory that no file of "
                          "quern needs"
                        : "%s: HDF5 has no memory",
              what);
}

void h5_fail(const struct h5_context *file, enum status status, const char *dataset,
             const char *what)
{
    bool is_without_memory = false;
    char reason[256] = "";

    if (!h5_ok(file))
        return;
    if (h5_errno(file) != 0) {
        H5Eclear2(H5E_DEFAULT);
        error_set(file->error, STATUS_IO, ERROR_AT(.file = file->path, .dataset = dataset),
                  "%s: %s", what, strerror(h5_errno(file)));
        return;
    }
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, h5_note_memory, &is_without_memory);
    if (is_without_memory) {
        h5_fail_for_memory(file, dataset, what);
        return;
    }
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, h5_keep_description, reason);
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

/* Of a property list: it is no file's fault when there is none. */
static hid_t h5_hold_list(const struct h5_context *file, hid_t id)
{
    if (id < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot make a property list");
    return h5_hold(file, id, NULL, "cannot make a property list");
}

void h5_close(const struct h5_context *file, hid_t *id)
{
    herr_t result = 0;

    if (*id < 0)
        return;
    switch (H5Iget_type(*id)) {
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
    if (result < 0)
        h5_fail(file, STATUS_IO, NULL, "cannot close");
}

int h5_num_live_handles(void)
{
    return num_live_handles;
}

/* ---- files ---- */

static hid_t h5_create_access_list(const struct h5_context *file)
{
    hid_t list = h5_hold_list(file, H5Pcreate(H5P_FILE_ACCESS));

    if (h5_ok(file) && (H5Pset_fclose_degree(list, H5F_CLOSE_SEMI) < 0 ||
                        h5_driver_choose(list, file->storage) < 0))
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot set file properties");
    return list;
}

/* Gives the context what HDF5 will read and write by; false on failure. */
static bool h5_begin_storage(struct h5_context *file, int descriptor, bool is_owned,
                             struct seal_sums *sums)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* we print its errors */
    file->storage = h5_storage_create(descriptor, is_owned, sums);
    return file->storage || error_set_memory(file->error, 0);
}

static void h5_end_storage(struct h5_context *file)
{
    h5_storage_release(file->storage);
    file->storage = NULL;
}

hid_t h5_create_file(struct h5_context *file, struct atomic_file *output)
{
    hid_t access = H5I_INVALID_HID, creation = H5I_INVALID_HID, id = H5I_INVALID_HID;

    if (!h5_ok(file) || !h5_begin_storage(file, output->descriptor, false, &output->sums))
        return id;
    access = h5_create_access_list(file);
    creation = h5_hold_list(file, H5Pcreate(H5P_FILE_CREATE));
    /* Pinned so that two HDF5 versions write the same structures; 1.8's carry checksums. */
    if (h5_ok(file) && H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot set file properties");
    if (h5_ok(file) && (H5Pset_obj_track_times(creation, false) < 0 ||
                        H5Pset_attr_phase_change(creation, MAX_COMPACT_ATTRIBUTES, 0) < 0))
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot set file properties");
    if (h5_ok(file)) {
        id = H5Fcreate(output->temporary_path, H5F_ACC_TRUNC, creation, access);
        if (id < 0)
            h5_fail(file, STATUS_IO, NULL, "cannot create");
        else
            num_live_handles++;
    }
    h5_close(file, &creation);
    h5_close(file, &access);
    if (id < 0)
        h5_end_storage(file);
    return id;
}

/* Opens what the context's storage holds. */
static hid_t h5_open_storage(struct h5_context *file)
{
    hid_t access = h5_create_access_list(file), id = H5I_INVALID_HID;

    if (h5_ok(file))
        id = h5_hold(file, H5Fopen(file->path, H5F_ACC_RDONLY, access), NULL,
                     "cannot be opened as an HDF5 file");
    h5_close(file, &access);
    if (id < 0)
        h5_end_storage(file);
    return id;
}

hid_t h5_open_file(struct h5_context *file, const struct h5_opening *opening, bool *is_sealed)
{
    int num_threads = opening->num_threads > 0 ? opening->num_threads : 1, descriptor;

    *is_sealed = false;
    if (!h5_ok(file))
        return H5I_INVALID_HID;
    descriptor = file_open(file->path, NULL, file->error);
    if (descriptor < 0 || !h5_begin_storage(file, descriptor, true, NULL)) {
        file_close(&descriptor);
        return H5I_INVALID_HID;
    }
    if (!seal_check(descriptor, file->path, !opening->skip_seal, num_threads, is_sealed,
                    file->error)) {
        h5_end_storage(file);
        return H5I_INVALID_HID;
    }
    h5_storage_set_trusted(file->storage, *is_sealed && !opening->skip_seal);
    return h5_open_storage(file);
}

hid_t h5_open_output(struct h5_context *file, const struct atomic_file *output)
{
    if (!h5_ok(file) || !h5_begin_storage(file, output->descriptor, false, NULL))
        return H5I_INVALID_HID;
    return h5_open_storage(file);
}

void h5_close_file(struct h5_context *file, hid_t *id)
{
    if (*id < 0)
        return;
    if (H5Fclose(*id) < 0 || h5_errno(file) != 0)
        h5_fail(file, STATUS_IO, NULL, "cannot write");
    num_live_handles--;
    *id = H5I_INVALID_HID;
    h5_end_storage(file);
}

uint64_t h5_file_nbytes(const struct h5_context *file, hid_t object)
{
    hsize_t nbytes = 0;
    hid_t id = H5I_INVALID_HID;

    if (!h5_ok(file))
        return 0;
    id = H5Iget_file_id(object);
    if (id < 0 || H5Fget_filesize(id, &nbytes) < 0)
        h5_fail(file, STATUS_DATA, NULL, "cannot tell the size of the file");
    if (id >= 0)
        H5Fclose(id);
    return nbytes;
}

/* ---- groups ---- */

/* Refuses a name of which a part is no hard link; the rest may be missing. */
static void h5_check_links(const struct h5_context *file, hid_t root, const char *name)
{
    char *part = strdup(name);
    size_t length = part ? strlen(part) : 0;
    H5L_info_t info;

    if (!part)
        error_set_memory(file->error, strlen(name) + 1);
    for (size_t i = 1; i <= length && h5_ok(file); i++) {
        char last = part[i];

        if ((last != '/' && last != '\0') || part[i - 1] == '/')
            continue;
        part[i] = '\0';
        if (!h5_found(file, H5Lexists(root, part, H5P_DEFAULT), name))
            break;
        if (H5Lget_info(root, part, &info, H5P_DEFAULT) < 0)
            h5_fail(file, STATUS_DATA, name, "cannot read the link");
        else if (info.type != H5L_TYPE_HARD)
            h5_refuse(file, name, "leads elsewhere", "an object of this file",
                      info.type == H5L_TYPE_SOFT       ? "a soft link"
                      : info.type == H5L_TYPE_EXTERNAL ? "a link to another file"
                                                       : "a link of an unknown kind");
        part[i] = last;
    }
    free(part);
}

hid_t h5_create_group(const struct h5_context *file, hid_t parent, const char *name)
{
    hid_t list = H5I_INVALID_HID, id = H5I_INVALID_HID;

    if (!h5_ok(file))
        return id;
    list = h5_hold_list(file, H5Pcreate(H5P_GROUP_CREATE));
    if (h5_ok(file) && (H5Pset_obj_track_times(list, false) < 0 ||
                        H5Pset_attr_phase_change(list, MAX_COMPACT_ATTRIBUTES, 0) < 0))
        h5_fail(file, STATUS_INTERNAL, name, "cannot set group properties");
    if (h5_ok(file))
        id = h5_hold(file, H5Gcreate2(parent, name, H5P_DEFAULT, list, H5P_DEFAULT), name,
                     "cannot create the group");
    h5_close(file, &list);
    return id;
}

hid_t h5_open_group(const struct h5_context *file, hid_t root, const char *name)
{
    if (h5_ok(file))
        h5_check_links(file, root, name);
    if (!h5_ok(file))
        return H5I_INVALID_HID;
    return h5_hold(file, H5Gopen2(root, name, H5P_DEFAULT), name, "has no such group");
}

hid_t h5_open_object(const struct h5_context *file, hid_t root, const char *name)
{
    if (h5_ok(file))
        h5_check_links(file, root, name);
    if (!h5_ok(file))
        return H5I_INVALID_HID;
    return h5_hold(file, H5Dopen2(root, name, H5P_DEFAULT), name, "has no such dataset");
}

bool h5_found(const struct h5_context *file, htri_t result, const char *name)
{
    bool is_without_memory = false;

    if (result < 0) {
        H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, h5_note_memory, &is_without_memory);
        if (is_without_memory || h5_errno(file) != 0)
            h5_fail(file, STATUS_IO, name, "cannot be looked up");
    }
    H5Eclear2(H5E_DEFAULT);
    return result > 0;
}

bool h5_exists(const struct h5_context *file, hid_t group, const char *name)
{
    return h5_ok(file) && h5_found(file, H5Lexists(group, name, H5P_DEFAULT), name);
}
