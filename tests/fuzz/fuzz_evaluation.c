/* Reading an evaluation that is whole HDF5 but holds anything (doctor.h). */
#include "tests/fuzz/doctor.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"

static const char *const names[] = {"/",
                                    "classes",
                                    "confusion",
                                    "checkpoint",
                                    "config",
                                    "per_class",
                                    "per_class/precision",
                                    "calibration",
                                    "samples",
                                    "samples/paths",
                                    "samples/rows",
                                    "samples/labels",
                                    "samples/predictions",
                                    "samples/scores",
                                    NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    doctor_try_reader(samples_write_evaluation, names, bytes, nbytes, contents_read_evaluation);
    return 0;
}
