#include "tests/fuzz/doctor.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/hdf5/hdf5.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support.h"

enum { MAX_EDITS = 8, MAX_RANK = 5, DATA_NBYTES = 1 << 16 };

struct reader {
    const uint8_t *next;
    size_t num_left;
};

static unsigned take(struct reader *reader)
{
    if (reader->num_left == 0)
        return 0;
    reader->num_left--;
    return *reader->next++;
}

static hsize_t take_size(struct reader *reader)
{
    static const hsize_t sizes[] = {0,     1,          2,          3,          4,
                                    6,     7,          65535,      65536,      1 << 20,
                                    65537, 1ULL << 32, 1ULL << 40, 1ULL << 62, INT64_MAX};
    unsigned choice = take(reader);

    return choice < 128 ? sizes[choice % (sizeof(sizes) / sizeof(sizes[0]))] : choice - 128;
}

/* A type to be closed. */
static hid_t take_type(struct reader *reader)
{
    unsigned choice = take(reader);
    hid_t text;

    switch (choice % 10) {
    case 0:
        return H5Tcopy(H5T_STD_U8LE);
    case 1:
        return H5Tcopy(H5T_STD_I64BE);
    case 2:
        return H5Tcopy(H5T_IEEE_F32LE);
    case 3:
        return H5Tcopy(H5T_IEEE_F64BE);
    case 4:
        return H5Tcopy(H5T_STD_U32LE);
    case 5:
        return H5Tarray_create2(H5T_STD_U8LE, 1, (const hsize_t[]){4});
    case 6:
        return H5Tvlen_create(H5T_STD_U8LE);
    case 7:
        text = H5Tcopy(H5T_C_S1);
        H5Tset_size(text, H5T_VARIABLE);
        return text;
    default:
        text = H5Tcopy(H5T_C_S1);
        H5Tset_size(text, take(reader) * (choice % 10 == 8 ? 1 : 1000) + 1);
        if (take(reader) % 2)
            H5Tset_strpad(text, H5T_STR_SPACEPAD);
        return text;
    }
}

/* A space to be closed. */
static hid_t take_space(struct reader *reader, hsize_t *dimensions, int *rank)
{
    *rank = (int)(take(reader) % MAX_RANK);
    for (int i = 0; i < *rank; i++)
        dimensions[i] = take_size(reader);
    return *rank == 0 ? H5Screate(take(reader) % 8 ? H5S_SCALAR : H5S_NULL)
                      : H5Screate_simple(*rank, dimensions, NULL);
}

/* nbytes times the sizes, or more than DATA_NBYTES if it is that, however large they are. */
static size_t multiply(size_t nbytes, int rank, const hsize_t *sizes)
{
    for (int i = 0; i < rank; i++)
        if (__builtin_mul_overflow(nbytes, (size_t)sizes[i], &nbytes) || nbytes > DATA_NBYTES)
            nbytes = DATA_NBYTES + 1;
    return nbytes;
}

/* True for what can be written from a static buffer.  HDF5's own count of elements wraps round. */
static int is_small(hid_t type, hid_t space)
{
    hsize_t dimensions[H5S_MAX_RANK];
    int rank = H5Sget_simple_extent_dims(space, dimensions, NULL);
    size_t nbytes = multiply(H5Tget_size(type), rank, dimensions);

    return H5Tis_variable_str(type) == 0 && H5Tget_class(type) != H5T_VLEN && nbytes > 0 &&
           nbytes <= DATA_NBYTES;
}

/* HDF5 makes room for whole chunks when it writes, too much for a harness, and writes virtual and
 * external values to the other file. */
static int is_writable(hid_t dataset, hid_t type)
{
    hid_t list = H5Dget_create_plist(dataset);
    H5D_layout_t layout = H5Pget_layout(list);
    hsize_t chunk[H5S_MAX_RANK];
    int rank = layout == H5D_CHUNKED ? H5Pget_chunk(list, H5S_MAX_RANK, chunk) : 0;
    int num_external = H5Pget_external_count(list);

    H5Pclose(list);
    return layout != H5D_VIRTUAL && num_external == 0 &&
           multiply(H5Tget_size(type), rank, chunk) <= DATA_NBYTES;
}

static const void *fill(struct reader *reader)
{
    static uint8_t data[DATA_NBYTES];

    memset(data, (int)take(reader), sizeof(data));
    for (int i = 0; i < 16; i++)
        data[i] = (uint8_t)take(reader);
    return data;
}

/* The good file, where its edited copies are, and what is beside them. */
static struct {
    char *folder, path[120];
    char other_path[120]; /* a file that no reader may open */
    char fifo_path[120];  /* that nobody writes into */
    unsigned char *bytes;
    size_t nbytes;
} good;
static ssize_t num_left_open;
static int other_watch = -1;

static const char *take_other_file(struct reader *reader)
{
    const char *const files[] = {".", good.other_path, good.fifo_path, "none.h5", "/dev/null"};

    return files[take(reader) % 5];
}

/* Values that are taken from another dataset, of this file or another, there or not. */
static void set_virtual(hid_t list, hid_t space, struct reader *reader)
{
    static const char *const datasets[] = {"/train/images", "/valid/images", "/train/labels"};
    const char *file = take_other_file(reader), *dataset = datasets[take(reader) % 3];

    H5Pset_virtual(list, space, file, dataset, space);
}

static void replace_dataset(hid_t file, const char *name, struct reader *reader)
{
    hsize_t dimensions[MAX_RANK], chunk[MAX_RANK];
    int rank;
    hid_t type = take_type(reader), space = take_space(reader, dimensions, &rank);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), dataset;
    unsigned layout = take(reader);

    if (layout % 8 == 7) {
        set_virtual(list, space, reader);
    } else if (layout % 4 == 1 && rank > 0) {
        for (int i = 0; i < rank; i++)
            chunk[i] = take_size(reader);
        H5Pset_chunk(list, rank, chunk);
        if (layout & 16)
            H5Pset_shuffle(list);
        if (layout & 32)
            H5Pset_fletcher32(list);
        if (layout & 64)
            H5Pset_deflate(list, 1);
        if (layout & 128)
            H5Pset_nbit(list);
    } else if (layout % 4 == 2) {
        H5Pset_layout(list, H5D_COMPACT);
    } else if (layout % 4 == 3) {
        H5Pset_external(list, take_other_file(reader), 0, H5F_UNLIMITED);
    }
    H5Ldelete(file, name, H5P_DEFAULT);
    dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (dataset >= 0) {
        if (is_small(type, space) && is_writable(dataset, type) && layout % 4 != 3)
            H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, fill(reader));
        H5Dclose(dataset);
    }
    H5Pclose(list);
    H5Sclose(space);
    H5Tclose(type);
}

/* The same values in chunks of another shape, or in one block. */
static void relayout_dataset(hid_t file, const char *name, struct reader *reader)
{
    static uint8_t data[DATA_NBYTES];
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), type, space, list;
    hsize_t dimensions[H5S_MAX_RANK], chunk[H5S_MAX_RANK];
    int rank;

    if (dataset < 0)
        return;
    type = H5Dget_type(dataset);
    space = H5Dget_space(dataset);
    list = H5Pcreate(H5P_DATASET_CREATE);
    rank = H5Sget_simple_extent_dims(space, dimensions, NULL);
    if (rank > 0 && is_small(type, space) && is_writable(dataset, type) &&
        H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0) {
        unsigned filters = take(reader);

        for (int i = 0; i < rank; i++)
            chunk[i] = take(reader) % 4 ? dimensions[i] : take_size(reader);
        if (filters & 1)
            H5Pset_chunk(list, rank, chunk);
        if (filters & 2)
            H5Pset_shuffle(list);
        if (filters & 4)
            H5Pset_deflate(list, 9);
        if (filters & 8)
            H5Pset_fletcher32(list);
        H5Dclose(dataset);
        H5Ldelete(file, name, H5P_DEFAULT);
        dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
        if (dataset >= 0 && is_writable(dataset, type))
            H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    }
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Pclose(list);
    H5Sclose(space);
    H5Tclose(type);
}

/* Rewrites or adds an attribute of an object, in place of one it has or beside those. */
static void replace_attribute(hid_t file, const char *name, struct reader *reader)
{
    hsize_t dimensions[MAX_RANK];
    char attribute_name[64] = "another";
    hid_t object = H5Oopen(file, name, H5P_DEFAULT), type, space, attribute;
    int rank;

    if (object < 0)
        return;
    H5Aget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, take(reader) % 16, attribute_name,
                       sizeof(attribute_name), H5P_DEFAULT);
    type = take_type(reader);
    space = take_space(reader, dimensions, &rank);
    H5Adelete(object, attribute_name);
    if (is_small(type, space)) {
        attribute = H5Acreate2(object, attribute_name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        if (attribute >= 0) {
            H5Awrite(attribute, type, fill(reader));
            H5Aclose(attribute);
        }
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Oclose(object);
}

/* Puts another kind of link where the object was. */
static void replace_link(hid_t file, const char *name, const char *other, struct reader *reader)
{
    hid_t group;

    H5Ldelete(file, name, H5P_DEFAULT);
    switch (take(reader) % 5) {
    case 0:
        return;
    case 1:
        H5Lcreate_soft(other, file, name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 2:
        H5Lcreate_external("/dev/null", other, file, name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 3:
        H5Lcreate_hard(file, other, file, name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    default:
        group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        if (group >= 0)
            H5Gclose(group);
    }
}

/* Overwrites one value, whatever its type. */
static void edit_values(hid_t file, const char *name, struct reader *reader)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), type, space;

    if (dataset < 0)
        return;
    type = H5Dget_type(dataset);
    space = H5Dget_space(dataset);
    if (is_small(type, space) && is_writable(dataset, type))
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, fill(reader));
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(dataset);
}

static void remove_folder(void)
{
    support_remove_folder(good.folder);
}

static void make_good(doctor_writer *write_good)
{
    /* In memory where that can be: hundreds of files a second. */
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    good.folder = support_make_folder();
    atexit(remove_folder);
    snprintf(good.path, sizeof(good.path), "%s/%s", good.folder, write_good(good.folder));
    good.bytes = support_read_file(good.path, &good.nbytes);
    snprintf(good.other_path, sizeof(good.other_path), "%s/other.h5", good.folder);
    support_write_file(good.other_path, good.bytes, good.nbytes);
    snprintf(good.fifo_path, sizeof(good.fifo_path), "%s/fifo", good.folder);
    FUZZ_DEMAND(mkfifo(good.fifo_path, 0600) == 0);
    other_watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    FUZZ_DEMAND(other_watch >= 0);
}

/* Has the other file been opened or read since the last call? */
static int was_touched(void)
{
    char events[4096];

    return read(other_watch, events, sizeof(events)) > 0;
}

/* Puts the good file at its path and edits it. */
static void make_doctored(const char *const *names, const uint8_t *edits, size_t num_edit_bytes)
{
    struct reader reader = {edits, num_edit_bytes};
    size_t num_names = 0;
    hid_t file;

    while (names[num_names])
        num_names++;
    support_write_file(good.path, good.bytes, good.nbytes);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    file = H5Fopen(good.path, H5F_ACC_RDWR, H5P_DEFAULT);
    FUZZ_DEMAND(file >= 0);
    for (int i = 0; i < MAX_EDITS && reader.num_left > 0; i++) {
        unsigned operation = take(&reader);
        const char *name = names[take(&reader) % num_names];

        switch (operation % 5) {
        case 0:
            replace_dataset(file, name, &reader);
            break;
        case 1:
            replace_attribute(file, name, &reader);
            break;
        case 2:
            replace_link(file, name, names[take(&reader) % num_names], &reader);
            break;
        case 3:
            edit_values(file, name, &reader);
            break;
        default:
            relayout_dataset(file, name, &reader);
        }
    }
    H5Fclose(file);
    H5Eclear2(H5E_DEFAULT);
    /* A few edits leave HDF5 1.10 with objects that it can neither close nor end with. */
    num_left_open = H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL);
}

void doctor_try_reader(doctor_writer *write_good, const char *const *names, const uint8_t *edits,
                       size_t num_edit_bytes, contents_reader *reader)
{
    struct error error = {0};
    struct contents contents;
    int watch;
    bool ok;

    if (!good.folder) {
        /* Before any other use of HDF5: it must not try to end with what it could not close. */
        H5dont_atexit();
        make_good(write_good);
    }
    make_doctored(names, edits, num_edit_bytes);
    watch = inotify_add_watch(other_watch, good.other_path, IN_OPEN | IN_ACCESS);
    FUZZ_DEMAND(watch >= 0);
    ok = reader(good.path, &contents, &error);
    FUZZ_DEMAND(!was_touched());
    inotify_rm_watch(other_watch, watch);
    was_touched(); /* the end of the watch is an event, too */
    FUZZ_DEMAND(ok || error.status == STATUS_DATA);
    FUZZ_DEMAND(ok == error_ok(&error));
    FUZZ_DEMAND(ok || strcmp(error.file, good.path) == 0);
    FUZZ_DEMAND(h5_num_live_handles() == 0);
    FUZZ_DEMAND(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) == num_left_open);
}
