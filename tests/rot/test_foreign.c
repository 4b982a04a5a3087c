/*
 * Files that somebody else has made: whole HDF5 of the right names, in which an object leads to
 * another file or another object, is stored or typed as no file of ours is, or claims to be huge.
 * Each is refused as bad data, the other file is not opened, and nothing waits for a FIFO.
 */
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/hdf5/hdf5.h"
#include "tests/fuzz/samples.h"
#include "tests/rot/contents.h"
#include "tests/support.h"

/* How an object is replaced. */
enum change {
    EXTERNAL_STORAGE,
    SOFT_LINK,
    EXTERNAL_LINK,
    NUM_GROUP_CHANGES,
    VIRTUAL_DATASET = NUM_GROUP_CHANGES,
    NBIT_FILTER,
    UNKNOWN_FILTER,
    VARIABLE_TYPE,
    REFERENCE_TYPE,
    COMPOUND_TYPE,
    HUGE_CHUNKED,
    HUGE_CONTIGUOUS,
    NUM_CHANGES
};
static const char *const change_names[NUM_CHANGES] = {
    "external storage", "soft link",      "external link",   "virtual dataset",
    "nbit filter",      "unknown filter", "variable type",   "reference type",
    "compound type",    "huge, chunked",  "huge, contiguous"};

/* Far less than any claim, and than reading a file of another size. */
enum { MEMORY_NBYTES = 512 << 20, UNKNOWN_FILTER_ID = 300, MAX_SECONDS = 20 };

struct kind {
    const char *(*write)(const char *folder);
    contents_reader *read;
    const char *const *datasets;
    const char *const *groups;
};

static const char *const store_datasets[] = {
    "/classes",     "/train/images", "/train/labels", "/train/pixel_crc32", "/train/paths",
    "/train/crc32", "/valid/images", "/rejects/path", "/rejects/reason",    NULL};
static const char *const store_groups[] = {"/train", "/source", "/rejects", NULL};
static const char *const shard_datasets[] = {"/classes",           "/train/images",
                                             "/train/labels",      "/train/pixel_crc32",
                                             "/train/paths",       "/train/crc32",
                                             "/shard/class_files", "/shard/file_hashes",
                                             "/train/class_sums",  NULL};
static const char *const shard_groups[] = {"/train", "/shard", NULL};
static const char *const checkpoint_datasets[] = {"/classes",
                                                  "/parameters/linear/weight",
                                                  "/parameters/linear/bias",
                                                  "/optimizer/momentum/linear/weight",
                                                  "/history/epoch",
                                                  "/history/train_loss",
                                                  "/history/valid_accuracy",
                                                  NULL};
static const char *const checkpoint_groups[] = {
    "/parameters", "/parameters/linear", "/optimizer", "/config",
    "/progress",   "/history",           "/store",     NULL};

static const char *const evaluation_datasets[] = {"/classes",
                                                  "/samples/paths",
                                                  "/samples/rows",
                                                  "/samples/labels",
                                                  "/samples/predictions",
                                                  "/samples/scores",
                                                  NULL};
static const char *const evaluation_groups[] = {"/samples", "/checkpoint", "/config", NULL};

/* A store with rejects. */
static const char *write_store(const char *folder)
{
    const char *name = samples_write_store(folder);
    hid_t file = H5Fopen(support_path(folder, name), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t group = H5Gcreate2(file, "/rejects", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, (const hsize_t[]){2}, NULL), type = H5Tcopy(H5T_C_S1);

    H5Tset_size(type, 4);
    for (int i = 0; i < 2; i++) {
        hid_t dataset = H5Dcreate2(group, i == 0 ? "path" : "reason", type, space, H5P_DEFAULT,
                                   H5P_DEFAULT, H5P_DEFAULT);

        assert_true(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, "abc\0def") >= 0);
        H5Dclose(dataset);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Gclose(group);
    H5Fclose(file);
    return name;
}

static const struct kind kinds[] = {
    {write_store, contents_read_store, store_datasets, store_groups},
    {samples_write_shard, contents_read_shard, shard_datasets, shard_groups},
    {samples_write_checkpoint, contents_read_checkpoint, checkpoint_datasets, checkpoint_groups},
    {samples_write_evaluation, contents_read_evaluation, evaluation_datasets, evaluation_groups},
};

enum { NUM_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static size_t pass_bytes(unsigned flags, size_t num_values, const unsigned *values, size_t nbytes,
                         size_t *buffer_nbytes, void **buffer)
{
    (void)flags;
    (void)num_values;
    (void)values;
    (void)buffer_nbytes;
    (void)buffer;
    return nbytes;
}

static const H5Z_class2_t unknown_filter = {.version = H5Z_CLASS_T_VERS,
                                            .id = UNKNOWN_FILTER_ID,
                                            .encoder_present = 1,
                                            .decoder_present = 1,
                                            .name = "unknown",
                                            .filter = pass_bytes};

static hid_t make_type(enum change change, hid_t old_type)
{
    hid_t type;

    switch (change) {
    case VARIABLE_TYPE:
        if (H5Tget_class(old_type) != H5T_STRING)
            return H5Tvlen_create(old_type);
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
        return type;
    case REFERENCE_TYPE:
        return H5Tcopy(H5T_STD_REF_OBJ);
    case COMPOUND_TYPE:
        type = H5Tcreate(H5T_COMPOUND, H5Tget_size(old_type));
        H5Tinsert(type, "value", 0, old_type);
        return type;
    case NBIT_FILTER:
        return H5Tcopy(H5Tget_class(old_type) == H5T_STRING ? H5T_STD_U8LE : old_type);
    default:
        return H5Tcopy(old_type);
    }
}

static void set_storage(hid_t list, hid_t space, enum change change, const char *other,
                        const char *name, int rank, const hsize_t *shape)
{
    hsize_t chunk[4];

    memcpy(chunk, shape, sizeof(chunk));
    chunk[0] = chunk[0] > 64 ? 64 : chunk[0];
    switch (change) {
    case EXTERNAL_STORAGE:
        assert_true(H5Pset_external(list, other, 0, H5F_UNLIMITED) >= 0);
        break;
    case VIRTUAL_DATASET:
        assert_true(H5Pset_virtual(list, space, other, name, space) >= 0);
        break;
    case NBIT_FILTER:
        assert_true(H5Pset_chunk(list, rank, chunk) >= 0 && H5Pset_nbit(list) >= 0);
        break;
    case UNKNOWN_FILTER:
        assert_true(H5Pset_chunk(list, rank, chunk) >= 0);
        assert_true(H5Pset_filter(list, UNKNOWN_FILTER_ID, H5Z_FLAG_MANDATORY, 0, NULL) >= 0);
        break;
    case HUGE_CHUNKED:
        assert_true(H5Pset_chunk(list, rank, chunk) >= 0);
        break;
    default:
        break;
    }
}

/* Puts a dataset of the same shape, stored otherwise, in the place of another. */
static void replace_dataset(hid_t file, const char *name, enum change change, const char *other)
{
    hid_t old = H5Dopen2(file, name, H5P_DEFAULT), old_type = H5Dget_type(old);
    hid_t old_space = H5Dget_space(old), type = make_type(change, old_type), space, dataset;
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t shape[4] = {0};
    int rank = H5Sget_simple_extent_dims(old_space, shape, NULL);
    size_t nbytes = H5Tget_size(type);
    void *zeros;

    if (change == HUGE_CHUNKED || change == HUGE_CONTIGUOUS)
        shape[0] = (hsize_t)1 << 36;
    space = H5Screate_simple(rank, shape, NULL);
    set_storage(list, space, change, other, name, rank, shape);
    H5Dclose(old);
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(dataset >= 0);
    if (change == NBIT_FILTER || change == UNKNOWN_FILTER || change == COMPOUND_TYPE) {
        for (int i = 0; i < rank; i++)
            nbytes *= shape[i];
        zeros = calloc(1, nbytes);
        assert_true(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros) >= 0);
        free(zeros);
    }
    H5Dclose(dataset);
    H5Pclose(list);
    H5Sclose(space);
    H5Sclose(old_space);
    H5Tclose(type);
    H5Tclose(old_type);
}

/* Puts a link to the good object, elsewhere in the file or in the other file, in its place. */
static void replace_by_link(hid_t file, const char *name, enum change change, const char *other)
{
    if (change == SOFT_LINK) {
        assert_true(H5Lmove(file, name, file, "/elsewhere", H5P_DEFAULT, H5P_DEFAULT) >= 0);
        assert_true(H5Lcreate_soft("/elsewhere", file, name, H5P_DEFAULT, H5P_DEFAULT) >= 0);
    } else {
        assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
        assert_true(H5Lcreate_external(other, name, file, name, H5P_DEFAULT, H5P_DEFAULT) >= 0);
    }
}

static void change_object(const char *path, const char *name, enum change change, const char *other)
{
    hid_t file;

    H5Zregister(&unknown_filter);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    if (change == SOFT_LINK || change == EXTERNAL_LINK)
        replace_by_link(file, name, change, other);
    else
        replace_dataset(file, name, change, other);
    assert_true(H5Fclose(file) >= 0);
    H5Zunregister(UNKNOWN_FILTER_ID);
}

/* Reads the file, which must be refused, within a memory and a time that would not do otherwise. */
static void assert_refused(const struct kind *kind, const char *path, const char *name,
                           const char *change)
{
    struct contents contents;
    struct error error = {0};
    bool ok;

    support_limit_memory(MEMORY_NBYTES);
    alarm(MAX_SECONDS);
    ok = kind->read(path, &contents, &error);
    alarm(0);
    support_limit_memory(0);
    if (ok || error.status != STATUS_DATA || strcmp(error.file, path) != 0)
        fail_msg("%s, %s: %s", name, change,
                 ok              ? "was accepted"
                 : error.what[0] ? error.what
                                 : "no reason");
    assert_int_equal(h5_num_live_handles(), 0);
}

/* The good file of a kind, and where its changed copies and the other file are. */
struct subject {
    const struct kind *kind;
    char path[256], other_path[256];
    unsigned char *bytes;
    size_t nbytes;
};

static void begin_subject(struct subject *subject, size_t i, const char *folder)
{
    struct contents contents;
    struct error error = {0};

    subject->kind = &kinds[i];
    if (subject->path[0])
        unlink(subject->path); /* what an earlier case has left */
    snprintf(subject->path, sizeof(subject->path), "%s",
             support_path(folder, subject->kind->write(folder)));
    snprintf(subject->other_path, sizeof(subject->other_path), "%s",
             support_path(folder, "other.h5"));
    subject->bytes = support_read_file(subject->path, &subject->nbytes);
    assert_ok(subject->kind->read(subject->path, &contents, &error), &error);
}

static void try_change(const struct subject *subject, const char *name, enum change change,
                       const char *other)
{
    support_write_file(subject->path, subject->bytes, subject->nbytes);
    change_object(subject->path, name, change, other);
    assert_refused(subject->kind, subject->path, name, change_names[change]);
}

/* What the kernel says of who opened or read the other file since the last call. */
static bool was_touched(int watch)
{
    char events[4096];

    return read(watch, events, sizeof(events)) > 0;
}

static void test_every_dataset_foreign_is_refused_and_the_other_file_untouched(void **state)
{
    for (size_t i = 0; i < NUM_KINDS; i++) {
        struct subject subject = {0};
        int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

        begin_subject(&subject, i, *state);
        support_write_file(subject.other_path, subject.bytes, subject.nbytes);
        for (const char *const *name = subject.kind->datasets; *name; name++)
            for (int change = 0; change < NUM_CHANGES; change++) {
                int id;

                support_write_file(subject.path, subject.bytes, subject.nbytes);
                change_object(subject.path, *name, (enum change)change, subject.other_path);
                id = inotify_add_watch(watch, subject.other_path, IN_OPEN | IN_ACCESS);
                assert_true(id >= 0);
                assert_refused(subject.kind, subject.path, *name, change_names[change]);
                if (was_touched(watch))
                    fail_msg("%s, %s: the other file was opened", *name, change_names[change]);
                inotify_rm_watch(watch, id);
                was_touched(watch); /* the end of the watch is an event, too */
            }
        close(watch);
        free(subject.bytes);
    }
}

static void test_every_dataset_in_a_system_file_is_refused(void **state)
{
    for (size_t i = 0; i < NUM_KINDS; i++) {
        struct subject subject = {0};

        begin_subject(&subject, i, *state);
        for (const char *const *name = subject.kind->datasets; *name; name++)
            try_change(&subject, *name, EXTERNAL_STORAGE, "/etc/passwd");
        free(subject.bytes);
    }
}

static void test_every_object_on_a_fifo_is_refused_without_waiting(void **state)
{
    static const enum change changes[] = {EXTERNAL_STORAGE, EXTERNAL_LINK, VIRTUAL_DATASET};
    char fifo[256];

    snprintf(fifo, sizeof(fifo), "%s", support_path(*state, "fifo"));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < NUM_KINDS; i++) {
        struct subject subject = {0};

        begin_subject(&subject, i, *state);
        for (const char *const *name = subject.kind->datasets; *name; name++)
            for (size_t k = 0; k < sizeof(changes) / sizeof(changes[0]); k++)
                try_change(&subject, *name, changes[k], fifo);
        free(subject.bytes);
    }
}

static void test_every_group_that_is_a_link_is_refused(void **state)
{
    for (size_t i = 0; i < NUM_KINDS; i++) {
        struct subject subject = {0};

        begin_subject(&subject, i, *state);
        support_write_file(subject.other_path, subject.bytes, subject.nbytes);
        for (const char *const *name = subject.kind->groups; *name; name++) {
            try_change(&subject, *name, SOFT_LINK, NULL);
            try_change(&subject, *name, EXTERNAL_LINK, subject.other_path);
        }
        free(subject.bytes);
    }
}

/* Attributes that are read, with values of a variable length and without a value. */
static void test_every_attribute_of_a_foreign_type_is_refused(void **state)
{
    static const struct {
        size_t kind;
        const char *object, *attribute;
    } attributes[] = {{0, "/", "format"},
                      {0, "/", "fingerprint"},
                      {0, "/source", "digest"},
                      {1, "/shard", "first"},
                      {1, "/shard", "list_digest"},
                      {2, "/", "digest"},
                      {2, "/config", "seed"},
                      {2, "/config", "model"},
                      {2, "/progress", "loss_sum"},
                      {2, "/store", "image_shape"},
                      {2, "/parameters/linear/weight", "crc32"}};
    const char *text = "text";
    struct subject subject = {0};

    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        for (int is_variable = 0; is_variable < 2; is_variable++) {
            hid_t file, object, type = H5Tcopy(is_variable ? H5T_C_S1 : H5T_STD_REF_OBJ);
            hid_t space = H5Screate(H5S_SCALAR), attribute;

            begin_subject(&subject, attributes[i].kind, *state);
            if (is_variable)
                H5Tset_size(type, H5T_VARIABLE);
            file = H5Fopen(subject.path, H5F_ACC_RDWR, H5P_DEFAULT);
            object = H5Oopen(file, attributes[i].object, H5P_DEFAULT);
            assert_true(H5Adelete(object, attributes[i].attribute) >= 0);
            attribute =
                H5Acreate2(object, attributes[i].attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
            assert_true(attribute >= 0);
            if (is_variable)
                assert_true(H5Awrite(attribute, type, &text) >= 0);
            H5Aclose(attribute);
            H5Sclose(space);
            H5Tclose(type);
            H5Oclose(object);
            assert_true(H5Fclose(file) >= 0);
            assert_refused(subject.kind, subject.path, attributes[i].attribute, "foreign type");
            free(subject.bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_every_dataset_foreign_is_refused_and_the_other_file_untouched),
        SUPPORT_IN_FOLDER(test_every_dataset_in_a_system_file_is_refused),
        SUPPORT_IN_FOLDER(test_every_object_on_a_fifo_is_refused_without_waiting),
        SUPPORT_IN_FOLDER(test_every_group_that_is_a_link_is_refused),
        SUPPORT_IN_FOLDER(test_every_attribute_of_a_foreign_type_is_refused),
    };

    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
