#include "formats/hdf5/hdf5_driver.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

/* The largest address of a signed 64-bit offset. */
#define MAX_ADDRESS ((haddr_t)INT64_MAX)

struct h5_storage {
    int num_users; /* who created it, until the release, and HDF5's open files */
    int descriptor;
    bool is_owned;
    struct seal_sums *sums; /* of what is written; may be NULL */
    bool has_failed_to_write;
    bool is_trusted;
    int first_errno;
};

/* HDF5's part of an open file. */
struct driver_file {
    H5FD_t base; /* must be the first */
    struct h5_storage *storage;
    haddr_t end_of_allocation;
    haddr_t end_of_file;
};

/* What an access list says to the driver; HDF5 copies it. */
struct driver_info {
    struct h5_storage *storage;
};

/* ---- storage ---- */

struct h5_storage *h5_storage_create(int descriptor, bool is_owned, struct seal_sums *sums)
{
    struct h5_storage *storage = calloc(1, sizeof(*storage));

    if (storage)
        *storage = (struct h5_storage){.num_users = 1,
                                       .descriptor = descriptor,
                                       .is_owned = is_owned,
                                       .sums = sums,
                                       .is_trusted = true};
    return storage;
}

static void storage_leave(struct h5_storage *storage)
{
    if (--storage->num_users == 0)
        free(storage);
}

void h5_storage_release(struct h5_storage *storage)
{
    if (!storage)
        return;
    if (storage->is_owned)
        file_close(&storage->descriptor);
    storage->descriptor = -1;
    storage->sums = NULL;
    storage_leave(storage);
}

int h5_storage_errno(const struct h5_storage *storage)
{
    return storage->first_errno;
}

void h5_storage_set_trusted(struct h5_storage *storage, bool is_trusted)
{
    storage->is_trusted = is_trusted;
}

bool h5_storage_is_trusted(const struct h5_storage *storage)
{
    return storage->is_trusted;
}

static void storage_keep_errno(struct h5_storage *storage)
{
    if (storage->first_errno == 0)
        storage->first_errno = errno;
}

/* ---- the driver's functions, called by HDF5 ---- */

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access_list, haddr_t max_address)
{
    const struct driver_info *info = H5Pget_driver_info(access_list);
    struct driver_file *file;
    struct stat status;

    (void)name;
    (void)flags; /* the descriptor is open for what is to be done */
    (void)max_address;
    if (!info || !info->storage || fstat(info->storage->descriptor, &status) != 0)
        return NULL;
    file = calloc(1, sizeof(*file));
    if (!file)
        return NULL;
    file->storage = info->storage;
    file->storage->num_users++;
    file->end_of_file = (haddr_t)status.st_size;
    return &file->base;
}

static void driver_fail_to_write(struct driver_file *file)
{
    storage_keep_errno(file->storage);
    file->storage->has_failed_to_write = true;
}

static herr_t driver_close(H5FD_t *base)
{
    struct driver_file *file = (struct driver_file *)base;

    storage_leave(file->storage);
    free(file);
    return 0;
}

/* As HDF5's own driver for POSIX files, so that the files are the same. */
static herr_t driver_query_features(const H5FD_t *base, unsigned long *flags)
{
    (void)base;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

static haddr_t driver_get_end_of_allocation(const H5FD_t *base, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver_file *)base)->end_of_allocation;
}

static herr_t driver_set_end_of_allocation(H5FD_t *base, H5FD_mem_t type, haddr_t address)
{
    (void)type;
    ((struct driver_file *)base)->end_of_allocation = address;
    return 0;
}

static haddr_t driver_get_end_of_file(const H5FD_t *base, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver_file *)base)->end_of_file;
}

/* For H5Fget_vfd_handle: a pointer to the descriptor. */
static herr_t driver_get_descriptor(H5FD_t *base, hid_t access_list, void **handle)
{
    (void)access_list;
    *handle = &((struct driver_file *)base)->storage->descriptor;
    return 0;
}

static bool driver_is_in_range(haddr_t address, size_t nbytes)
{
    return address <= MAX_ADDRESS && nbytes <= MAX_ADDRESS - address;
}

static herr_t driver_read(H5FD_t *base, H5FD_mem_t type, hid_t transfer_list, haddr_t address,
                          size_t nbytes, void *bytes)
{
    struct driver_file *file = (struct driver_file *)base;
    ssize_t found;

    (void)type;
    (void)transfer_list;
    if (!driver_is_in_range(address, nbytes))
        return -1;
    found = file_read_some_at(file->storage->descriptor, bytes, nbytes, address);
    if (found < 0) {
        storage_keep_errno(file->storage);
        return -1;
    }
    /* What is allocated beyond the end of the file is zero. */
    memset((char *)bytes + found, 0, nbytes - (size_t)found);
    return 0;
}

static herr_t driver_write(H5FD_t *base, H5FD_mem_t type, hid_t transfer_list, haddr_t address,
                           size_t nbytes, const void *bytes)
{
    struct driver_file *file = (struct driver_file *)base;
    struct h5_storage *storage = file->storage;

    (void)type;
    (void)transfer_list;
    if (!driver_is_in_range(address, nbytes))
        return -1;
    if (!storage->has_failed_to_write) {
        struct error ignored = {0};

        if (!file_write_at(storage->descriptor, "", bytes, nbytes, address, &ignored))
            driver_fail_to_write(file);
        else if (storage->sums)
            seal_sums_note(storage->sums, address, bytes, nbytes);
    }
    /* After a failure as well: HDF5 shall go on as if all were in the file. */
    if (address + nbytes > file->end_of_file)
        file->end_of_file = address + nbytes;
    return 0;
}

static herr_t driver_truncate(H5FD_t *base, hid_t transfer_list, hbool_t is_closing)
{
    struct driver_file *file = (struct driver_file *)base;

    (void)transfer_list;
    (void)is_closing;
    if (file->end_of_allocation == file->end_of_file)
        return 0;
    if (!file->storage->has_failed_to_write) {
        int result;

        do
            result = ftruncate(file->storage->descriptor, (off_t)file->end_of_allocation);
        while (result != 0 && errno == EINTR);
        if (result != 0)
            driver_fail_to_write(file);
        if (file->storage->sums)
            seal_sums_cut(file->storage->sums, file->end_of_allocation);
    }
    file->end_of_file = file->end_of_allocation;
    return 0;
}

/* Without .cmp, two open files are never one and the same to HDF5, so that each has its own
 * storage. */
static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 2)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)512, /* from 512 on: not registered with The HDF Group */
#endif
    .name = "quern",
    .maxaddr = MAX_ADDRESS,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(struct driver_info),
    .open = driver_open,
    .close = driver_close,
    .query = driver_query_features,
    .get_eoa = driver_get_end_of_allocation,
    .set_eoa = driver_set_end_of_allocation,
    .get_eof = driver_get_end_of_file,
    .get_handle = driver_get_descriptor,
    .read = driver_read,
    .write = driver_write,
    .truncate = driver_truncate,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

herr_t h5_driver_choose(hid_t access_list, struct h5_storage *storage)
{
    static hid_t id = H5I_INVALID_HID;
    const struct driver_info info = {storage};

    if (id < 0)
        id = H5FDregister(&driver);
    return id < 0 ? -1 : H5Pset_driver(access_list, id, &info);
}
