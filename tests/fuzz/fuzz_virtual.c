/* Reading a virtual store that is whole HDF5 but holds anything (doctor.h); its shards are good. */
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
                                    "valid",
                                    "valid/images",
                                    "valid/pixel_crc32",
                                    "shards",
                                    "shards/path",
                                    "shards/num_rows",
                                    "shards/nbytes",
                                    "shards/crc32",
                                    "source",
                                    NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    doctor_try_reader(samples_write_virtual_store, names, bytes, nbytes, contents_read_store);
    return 0;
}
