/*
 * Comparing a store with one that is whole HDF5 but holds anything (doctor.h), as the first file
 * and as the second.
 */
#include "formats/comparison/file_comparison.h"
#include "tests/fuzz/doctor.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"
#include "tests/support.h"

static const char *const names[] = {"/",
                                    "classes",
                                    "train",
                                    "train/images",
                                    "train/labels",
                                    "train/paths",
                                    "train/crc32",
                                    "train/class_means",
                                    "valid",
                                    "valid/images",
                                    "valid/paths",
                                    "source",
                                    "rejects",
                                    "rejects/path",
                                    "test",
                                    NULL};

/* A whole store in an unlinked file. */
static const char *good_path(void)
{
    static char path[64];

    if (!path[0]) {
        char *folder = support_make_folder();
        size_t nbytes;
        unsigned char *bytes =
            support_read_file(support_path(folder, samples_write_store(folder)), &nbytes);
        FILE *file = tmpfile();

        FUZZ_DEMAND(bytes && file);
        FUZZ_DEMAND(fwrite(bytes, 1, nbytes, file) == nbytes && fflush(file) == 0);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
        free(bytes);
        support_remove_folder(folder);
    }
    return path;
}

static bool read_comparison(const char *path, struct contents *contents, struct error *error)
{
    struct file_comparison *comparison = malloc(sizeof(*comparison));
    const char *forward[2] = {path, good_path()}, *back[2] = {good_path(), path};
    bool ok;

    *contents = (struct contents){0};
    FUZZ_DEMAND(comparison);
    ok = file_comparison_run(forward, 1, comparison, error) &&
         file_comparison_run(back, 1, comparison, error);
    free(comparison);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    doctor_try_reader(samples_write_store, names, bytes, nbytes, read_comparison);
    return 0;
}
