#include "formats/hdf5/hdf5_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

/* The largest address of a signed 64-bit offset. */
#define MAX_ADDRESS ((haddr_t)INT64_MAX)
/* Linux moves at most 2 GiB less a page at once. */
#define MAX_TRANSFER_NBYTES ((size_t)1 << 30)

struct driver_file {
    H5FD_t base; /* HDF5's part; must be the first */
    int descriptor;
    bool has_failed_to_write;
    dev_t device;
    ino_t inode;
    haddr_t end_of_allocation;
    haddr_t end_of_file;
};

static int first_errno;
static bool open_is_allowed;

void h5_driver_allow_open(bool is_allowed)
{
    open_is_allowed = is_allowed;
}

int h5_driver_errno(void)
{
    return first_errno;
}

void h5_driver_forget_errno(void)
{
    first_errno = 0;
}

static void keep_errno(void)
{
    if (first_errno == 0)
        first_errno = errno;
}

static H5FD_t *open_file(const char *name, unsigned flags, hid_t access_list, haddr_t max_address)
{
    int open_flags = flags & H5F_ACC_RDWR ? O_RDWR : O_RDONLY;
    struct driver_file *file;
    struct stat info;

    (void)access_list;
    (void)max_address;
    if (!open_is_allowed)
        return NULL;
    if (flags & H5F_ACC_TRUNC)
        open_flags |= O_TRUNC;
    if (flags & H5F_ACC_CREAT)
        open_flags |= O_CREAT;
    if (flags & H5F_ACC_EXCL)
        open_flags |= O_EXCL;
    file = calloc(1, sizeof(*file));
    if (!file)
        return NULL;
    file->descriptor = open(name, open_flags | O_CLOEXEC, 0666);
    if (file->descriptor < 0 || fstat(file->descriptor, &info) != 0) {
        keep_errno();
        if (file->descriptor >= 0)
            close(file->descriptor);
        free(file);
        return NULL;
    }
    file->device = info.st_dev;
    file->inode = info.st_ino;
    file->end_of_file = (haddr_t)info.st_size;
    return &file->base;
}

static void fail_to_write(struct driver_file *file)
{
    keep_errno();
    file->has_failed_to_write = true;
}

static herr_t close_file(H5FD_t *base)
{
    struct driver_file *file = (struct driver_file *)base;

    if (close(file->descriptor) != 0)
        fail_to_write(file);
    free(file);
    return 0;
}

/* An order of files; 0 for one and the same. */
static int compare_files(const H5FD_t *base_a, const H5FD_t *base_b)
{
    const struct driver_file *a = (const struct driver_file *)base_a;
    const struct driver_file *b = (const struct driver_file *)base_b;

    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    return 0;
}

/* As HDF5's own driver for POSIX files, so that the files are the same. */
static herr_t query_features(const H5FD_t *base, unsigned long *flags)
{
    (void)base;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

static haddr_t get_end_of_allocation(const H5FD_t *base, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver_file *)base)->end_of_allocation;
}

static herr_t set_end_of_allocation(H5FD_t *base, H5FD_mem_t type, haddr_t address)
{
    (void)type;
    ((struct driver_file *)base)->end_of_allocation = address;
    return 0;
}

static haddr_t get_end_of_file(const H5FD_t *base, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver_file *)base)->end_of_file;
}

/* For H5Fget_vfd_handle: a pointer to the descriptor. */
static herr_t get_descriptor(H5FD_t *base, hid_t access_list, void **handle)
{
    (void)access_list;
    *handle = &((struct driver_file *)base)->descriptor;
    return 0;
}

static bool is_in_range(haddr_t address, size_t nbytes)
{
    return address <= MAX_ADDRESS && nbytes <= MAX_ADDRESS - address;
}

static herr_t read_bytes(H5FD_t *base, H5FD_mem_t type, hid_t transfer_list, haddr_t address,
                         size_t nbytes, void *bytes)
{
    const struct driver_file *file = (const struct driver_file *)base;
    char *next = bytes;

    (void)type;
    (void)transfer_list;
    if (!is_in_range(address, nbytes))
        return -1;
    while (nbytes > 0) {
        size_t wanted = nbytes < MAX_TRANSFER_NBYTES ? nbytes : MAX_TRANSFER_NBYTES;
        ssize_t found = pread(file->descriptor, next, wanted, (off_t)address);

        if (found < 0 && errno == EINTR)
            continue;
        if (found < 0) {
            keep_errno();
            return -1;
        }
        if (found == 0) { /* what is allocated beyond the end of the file is zero */
            memset(next, 0, nbytes);
            break;
        }
        next += found;
        address += (haddr_t)found;
        nbytes -= (size_t)found;
    }
    return 0;
}

static herr_t write_bytes(H5FD_t *base, H5FD_mem_t type, hid_t transfer_list, haddr_t address,
                          size_t nbytes, const void *bytes)
{
    struct driver_file *file = (struct driver_file *)base;
    const char *next = bytes;

    (void)type;
    (void)transfer_list;
    if (!is_in_range(address, nbytes))
        return -1;
    while (nbytes > 0 && !file->has_failed_to_write) {
        size_t wanted = nbytes < MAX_TRANSFER_NBYTES ? nbytes : MAX_TRANSFER_NBYTES;
        ssize_t written = pwrite(file->descriptor, next, wanted, (off_t)address);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            fail_to_write(file);
            break;
        }
        next += written;
        address += (haddr_t)written;
        nbytes -= (size_t)written;
    }
    /* After a failure as well: HDF5 shall go on as if all were in the file. */
    if (address + nbytes > file->end_of_file)
        file->end_of_file = address + nbytes;
    return 0;
}

static herr_t truncate_file(H5FD_t *base, hid_t transfer_list, hbool_t is_closing)
{
    struct driver_file *file = (struct driver_file *)base;

    (void)transfer_list;
    (void)is_closing;
    if (file->end_of_allocation == file->end_of_file)
        return 0;
    if (!file->has_failed_to_write) {
        int result;

        do
            result = ftruncate(file->descriptor, (off_t)file->end_of_allocation);
        while (result != 0 && errno == EINTR);
        if (result != 0)
            fail_to_write(file);
    }
    file->end_of_file = file->end_of_allocation;
    return 0;
}

static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 2)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)512, /* from 512 on: not registered with The HDF Group */
#endif
    .name = "quern",
    .maxaddr = MAX_ADDRESS,
    .fc_degree = H5F_CLOSE_WEAK,
    .open = open_file,
    .close = close_file,
    .cmp = compare_files,
    .query = query_features,
    .get_eoa = get_end_of_allocation,
    .set_eoa = set_end_of_allocation,
    .get_eof = get_end_of_file,
    .get_handle = get_descriptor,
    .read = read_bytes,
    .write = write_bytes,
    .truncate = truncate_file,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

herr_t h5_driver_choose(hid_t access_list)
{
    static hid_t id = H5I_INVALID_HID;

    if (id < 0)
        id = H5FDregister(&driver);
    return id < 0 ? -1 : H5Pset_driver(access_list, id, NULL);
}
