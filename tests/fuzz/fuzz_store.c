/*
 * Reading a store that is whole HDF5 but holds anything (doctor.h).  Bytes that are no whole HDF5
 * are the matter of HDF5 itself, which the seal keeps from damaged files: fuzz_seal.c, tests/rot.
 */
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
                                    "valid/labels",
                                    "valid/paths",
                                    "source",
                                    "rejects",
                                    "rejects/path",
                                    "rejects/reason",
                                    "test",
                                    NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    doctor_try_reader(samples_write_store, names, bytes, nbytes, contents_read_store);
    return 0;
}
