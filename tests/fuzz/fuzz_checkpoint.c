/*
 * Reading a checkpoint that is whole HDF5 but holds anything (doctor.h).  Bytes that are no whole
 * HDF5 are the matter of HDF5 itself, which the seal keeps from damaged files: fuzz_seal.c,
 * tests/rot.
 */
#include <string.h>

#include "formats/hdf5_internal.h"
#include "tests/fuzz/doctor.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"
#include "tests/rot/contents.h"

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
    static void *sample;
    static size_t sample_nbytes;
    struct contents contents;
    struct error error = {0};
    enum status status;
    const char *path;

    if (!sample) {
        doctor_begin();
        sample = samples_make_checkpoint(&sample_nbytes);
    }
    path = doctor_make(sample, sample_nbytes, names, bytes, nbytes);
    status = contents_read_checkpoint(path, &contents, &error);
    FUZZ_DEMAND(status == STATUS_OK || status == STATUS_DATA);
    FUZZ_DEMAND(status == error.status);
    FUZZ_DEMAND(status == STATUS_OK || strcmp(error.file, path) == 0);
    FUZZ_DEMAND(h5_num_live_handles() == 0);
    doctor_demand_all_closed();
    return 0;
}
