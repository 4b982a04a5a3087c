/*
 * Reading a checkpoint that is whole HDF5 but holds anything (doctor.h).  Bytes that are no whole
 * HDF5 are the matter of HDF5 itself, which the seal keeps from damaged files: fuzz_seal.c,
 * tests/rot.
 */
#include "tests/fuzz/doctor.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"

static const char *const names[] = {"/",
                                    "classes",
                                    "parameters",
                                    "parameters/linear",
                                    "parameters/linear/weight",
                                    "parameters/linear/bias",
                                    "optimizer",
                                    "optimizer/momentum",
                                    "optimizer/momentum/linear/weight",
                                    "config",
                                    "progress",
                                    "history",
                                    "history/epoch",
                                    "history/train_loss",
                                    "history/valid_accuracy",
                                    "store",
                                    NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    doctor_try_reader(samples_write_checkpoint, names, bytes, nbytes, contents_read_checkpoint);
    return 0;
}
