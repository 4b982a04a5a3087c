/*
 * Making a network of a checkpoint that is whole HDF5 but holds anything (doctor.h): what can be
 * made classifies an image.
 */
#include <stdlib.h>

#include "apply/model_file.h"
#include "apply/split_pass.h"
#include "common/memory.h"
#include "tests/fuzz/doctor.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"

enum { MAX_NBYTES = 16 << 20 };

static const char *const names[] = {"config",
                                    "parameters",
                                    "parameters/conv1/weight",
                                    "parameters/norm1/weight",
                                    "parameters/norm1/running_var",
                                    "parameters/norm1",
                                    "parameters/output/weight",
                                    "optimizer/average/norm1/running_var",
                                    "optimizer/average/conv1/weight",
                                    "optimizer/average/output/bias",
                                    "optimizer/average",
                                    "classes",
                                    "store",
                                    NULL};

static void classify(const struct model *model)
{
    uint8_t *pixels;
    const uint8_t *rows[1];
    const uint32_t label = 0;
    uint32_t prediction;
    struct model_workspace workspace;
    struct error error = {0};
    double loss;

    FUZZ_DEMAND(memory_allocate(&pixels, model->num_inputs, 1, &error));
    FUZZ_DEMAND(model_workspace_create(model, &workspace, &error));
    rows[0] = pixels;
    model_evaluate(model, rows, &label, 1, &workspace, &prediction, NULL, &loss);
    FUZZ_DEMAND(prediction < model->spec.num_classes);
    model_workspace_destroy(&workspace);
    free(pixels);
}

static bool read_model(const char *path, struct contents *contents, struct error *error)
{
    struct model_file file;
    bool ok = model_file_open(path, &file, error);

    (void)contents;
    if (ok && split_pass_nbytes(&file.model, 1) < MAX_NBYTES && file.model.num_inputs < MAX_NBYTES)
        classify(&file.model);
    model_file_close(&file);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    doctor_try_reader(samples_write_network, names, bytes, nbytes, read_model);
    return 0;
}
