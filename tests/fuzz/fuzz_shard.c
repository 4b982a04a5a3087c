/* Reading a shard that is whole HDF5 but holds anything (doctor.h), as a merge does. */
#include "tests/fuzz/doctor.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"

static const char *const names[] = {"/",
                                    "classes",
                                    "train",
                                    "train/images",
                                    "train/labels",
                                    "train/paths",
                                    "train/crc32",
                                    "train/pixel_crc32",
                                    "train/class_means",
                                    "train/class_sums",
                                    "valid",
                                    "valid/images",
                                    "valid/class_sums",
                                    "shard",
                                    "shard/class_files",
                                    "shard/file_hashes",
                                    "source",
                                    "rejects",
                                    "rejects/path",
                                    "rejects/reason",
                                    NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    doctor_try_reader(samples_write_shard, names, bytes, nbytes, contents_read_shard);
    return 0;
}
