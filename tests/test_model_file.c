/* Checkpoints of networks that say what no run of ours writes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apply/model_file.h"
#include "apply/split_pass.h"
#include "model/network.h"
#include "tests/support.h"

#define LAYERS "conv:2 norm relu avgpool dense:3"

enum { NUM_TENSORS = 10, RUNNING_VARIANCE = 5 };

/* A checkpoint in the making: LAYERS on images of 4 x 3, with an average. */
struct fixture {
    struct checkpoint checkpoint;
    char *classes[2];
    float values[2][NUM_TENSORS][32];
};

static const struct tensor tensors[NUM_TENSORS] = {
    {.name = "conv1/weight", .rank = 4, .shape = {2, 1, 3, 3}},
    {.name = "conv1/bias", .rank = 1, .shape = {2}},
    {.name = "norm1/weight", .rank = 1, .shape = {2}},
    {.name = "norm1/bias", .rank = 1, .shape = {2}},
    {.name = "norm1/running_mean", .rank = 1, .shape = {2}},
    {.name = "norm1/running_var", .rank = 1, .shape = {2}},
    {.name = "dense1/weight", .rank = 2, .shape = {3, 2}},
    {.name = "dense1/bias", .rank = 1, .shape = {3}},
    {.name = "output/weight", .rank = 2, .shape = {1, 3}},
    {.name = "output/bias", .rank = 1, .shape = {1}},
};

static void fixture_create(struct fixture *f)
{
    static char first[] = "a", second[] = "b";

    *f = (struct fixture){.classes = {first, second}};
    f->checkpoint = (struct checkpoint){.classes = {2, 2, f->classes}, .image = {4, 3, 1}};
    memset(f->checkpoint.store_fingerprint, 'f', 64);
    for (size_t i = 0; i < NUM_TENSORS; i++) {
        struct tensor *parameter = &f->checkpoint.parameters[f->checkpoint.num_parameters++];
        struct tensor *average = &f->checkpoint.states[f->checkpoint.num_states++];

        *parameter = *average = tensors[i];
        snprintf(average->name, sizeof(average->name), "average/%.40s", tensors[i].name);
        parameter->data = f->values[0][i];
        average->data = f->values[1][i];
        for (size_t k = 0; k < 32; k++)
            f->values[0][i][k] = f->values[1][i][k] = 0.5f;
    }
    settings_add_text(&f->checkpoint.config, "model", "network");
    settings_add_text(&f->checkpoint.config, "layers", LAYERS);
    settings_add_text(&f->checkpoint.config, "input", "unit");
    settings_add_text(&f->checkpoint.config, "loss", "cross-entropy");
    settings_add_real(&f->checkpoint.config, "average", 0.9);
}

static struct setting *fixture_setting(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->checkpoint.config.count; i++)
        if (strcmp(f->checkpoint.config.items[i].name, name) == 0)
            return &f->checkpoint.config.items[i];
    fail_msg("no setting %s", name);
    return NULL;
}

static void fixture_set_text(struct fixture *f, const char *name, const char *text)
{
    struct setting *setting = fixture_setting(f, name);

    assert_true((size_t)snprintf(setting->text, sizeof(setting->text), "%s", text) <
                sizeof(setting->text));
}

/* Writes the checkpoint and opens it. */
static bool fixture_open(struct fixture *f, const char *folder, struct model_file *file,
                         struct error *error)
{
    const char *path = support_path(folder, "network.h5");

    remove(path);
    assert_ok(checkpoint_write(path, &f->checkpoint, false, error), error);
    return model_file_open(path, file, error);
}

static void assert_is_refused(struct fixture *f, const char *folder, const char *dataset)
{
    struct model_file file;
    struct error error = {0};

    assert_fails(fixture_open(f, folder, &file, &error), &error, STATUS_DATA);
    assert_string_equal(error.dataset, dataset);
    assert_non_null(strstr(error.file, "network.h5"));
    model_file_close(&file);
}

static void test_model_file_open_network_is_evaluated_by_its_average(void **state)
{
    struct fixture *f = malloc(sizeof(*f));
    struct model_file file;
    struct error error = {0};

    fixture_create(f);
    f->values[1][NUM_TENSORS - 1][0] = 7.0f;
    assert_ok(fixture_open(f, *state, &file, &error), &error);
    assert_true(file.model.tensors[NUM_TENSORS - 1].data[0] == 7.0f);
    model_file_close(&file);
    free(f);
}

static void test_model_file_open_layers_that_cannot_be_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "conv:2 norm relu avgpool dense:3 dense:3",
        "conv:2 norm relu dense:3",
        "dense:1000000000000",
        "pool pool pool",
        "res( conv:1",
        "conv:1048576:31 conv:1048576:31",
        "res( res( res( res( res( res( res( res( res( res( res( res( res( res( res( res( res( relu",
        "no such layer",
    };
    struct fixture *f = malloc(sizeof(*f));
    struct model_file file;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error error = {0};

        fixture_create(f);
        fixture_set_text(f, "layers", texts[i]);
        assert_fails(fixture_open(f, *state, &file, &error), &error, STATUS_DATA);
        assert_non_null(strstr(error.file, "network.h5"));
        model_file_close(&file);
    }
    fixture_create(f);
    fixture_setting(f, "layers")->type = SETTING_COUNT;
    assert_is_refused(f, *state, "/config");
    free(f);
}

static void test_model_file_open_input_that_cannot_be_is_refused(void **state)
{
    struct fixture *f = malloc(sizeof(*f));

    fixture_create(f);
    fixture_set_text(f, "input", "standard");
    assert_is_refused(f, *state, "/config");
    settings_add_real(&f->checkpoint.config, "input_scale_0", 1.0);
    settings_add_real(&f->checkpoint.config, "input_offset_0", 1e300);
    assert_is_refused(f, *state, "/config");
    free(f);
}

static void test_model_file_open_parameters_that_cannot_be_are_refused(void **state)
{
    struct fixture *f = malloc(sizeof(*f));

    fixture_create(f);
    f->values[0][RUNNING_VARIANCE][1] = -1e-3f;
    assert_is_refused(f, *state, "/parameters/norm1/running_var");
    f->values[0][RUNNING_VARIANCE][1] = NAN;
    assert_is_refused(f, *state, "/parameters/norm1/running_var");
    f->values[0][RUNNING_VARIANCE][1] = 0.0f;
    f->checkpoint.parameters[0].shape[2] = 1;
    f->checkpoint.parameters[0].shape[3] = 9;
    assert_is_refused(f, *state, "/parameters/conv1/weight");
    free(f);
}

static void test_model_file_open_average_that_cannot_be_is_refused(void **state)
{
    struct fixture *f = malloc(sizeof(*f));

    fixture_create(f);
    f->values[1][RUNNING_VARIANCE][0] = -1.0f;
    assert_is_refused(f, *state, "/optimizer/average/norm1/running_var");
    fixture_create(f);
    f->values[1][0][4] = INFINITY;
    assert_is_refused(f, *state, "/optimizer/average/conv1/weight");
    fixture_create(f);
    f->checkpoint.states[6].shape[0] = 2;
    f->checkpoint.states[6].shape[1] = 3;
    assert_is_refused(f, *state, "/optimizer/average/dense1/weight");
    fixture_create(f);
    f->checkpoint.num_states--;
    assert_is_refused(f, *state, "/optimizer/average/output/bias");
    free(f);
}

/* Few parameters, but values of gigabytes: they count before they are taken. */
static void test_split_pass_nbytes_counts_the_values_of_a_network(void **state)
{
    struct fixture *f = malloc(sizeof(*f));
    struct model_file file;
    struct error error = {0};

    fixture_create(f);
    f->checkpoint.image = (struct image_shape){65535, 65535, 1};
    assert_ok(fixture_open(f, *state, &file, &error), &error);
    assert_true(split_pass_nbytes(&file.model, 2) > (uint64_t)1 << 41);
    model_file_close(&file);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_model_file_open_network_is_evaluated_by_its_average),
        SUPPORT_IN_FOLDER(test_model_file_open_layers_that_cannot_be_are_refused),
        SUPPORT_IN_FOLDER(test_model_file_open_input_that_cannot_be_is_refused),
        SUPPORT_IN_FOLDER(test_model_file_open_parameters_that_cannot_be_are_refused),
        SUPPORT_IN_FOLDER(test_model_file_open_average_that_cannot_be_is_refused),
        SUPPORT_IN_FOLDER(test_split_pass_nbytes_counts_the_values_of_a_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
