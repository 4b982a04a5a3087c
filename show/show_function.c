#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/suggestion.h"
#include "common/text.h"
#include "model/kernels/kernels.h"
#include "model/layers/layer.h"
#include "model/loss.h"
#include "show/show.h"
#include "show/show_options.h"
#include "view/terminal/terminal_text.h"
#include "view/terminal/text_chart.h"

/*
 * Charts of the functions that models are made of, computed by the code that trains: activations by
 * their layers, losses by the losses.
 */

enum { NUM_POINTS = 401, NAME_SIZE = 32, MAX_LINES = 2 };
static const double lowest = -4.0, highest = 4.0;

extern const struct layer_type layer_relu, layer_leaky;

struct function {
    const char *name;
    const struct layer_type *layer; /* of an activation; NULL of a loss and of sigmoid */
    const char *argument;           /* of the layer, where the name has none; NULL: takes none */
    bool is_loss;
    enum model_loss loss;
    const char *formula, *meaning, *x_label;
};

static const struct function functions[] = {
    {"sigmoid", NULL, NULL, false, LOSS_MAE, "sigmoid(x) = 1 / (1 + exp(-x))",
     "what makes a probability of the one output of a model of two classes", "x"},
    {"relu", &layer_relu, NULL, false, LOSS_MAE, "relu(x) = max(0, x)",
     "what most networks have between their layers", "x"},
    {"leaky", &layer_leaky, "0.1", false, LOSS_MAE, "leaky(x) = x, or S x below 0",
     "as relu, with a gradient below 0 too; leaky:S has the slope S", "x"},
    {"mae", NULL, NULL, true, LOSS_MAE, "mae = 1 - p(label), p(1) = sigmoid(x)",
     "the loss of the lesson: how far the probability is from what it should be",
     "x, the output of a model of two classes"},
    {"cross-entropy", NULL, NULL, true, LOSS_CROSS_ENTROPY,
     "cross-entropy = -log p(label), p(1) = sigmoid(x)",
     "the loss whose gradient does not vanish where the model is wrong",
     "x, the output of a model of two classes"},
};

const char *const show_function_names[] = {"sigmoid",       "relu", "leaky", "mae",
                                           "cross-entropy", "list", NULL};

enum { NUM_FUNCTIONS = sizeof(functions) / sizeof(functions[0]) };

/* ---- which ---- */

static bool function_refuse(const char *name, struct error *error)
{
    struct suggestion nearest = {0};
    char all[128] = "";

    for (size_t i = 0; i < NUM_FUNCTIONS; i++) {
        suggestion_consider(&nearest, name, functions[i].name);
        text_format(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "",
                    functions[i].name);
    }
    if (nearest.name)
        return error_set(error, STATUS_USAGE, NULL, "--function knows no '%.60s': did you mean %s?",
                         name, nearest.name);
    return error_set(error, STATUS_USAGE, ERROR_AT(.expected = all, .found = TEXT("'%.60s'", name)),
                     "--function");
}

/* "leaky:0.3" is leaky with an argument of its own. */
static const struct function *function_find(const char *name, const char **argument,
                                            struct error *error)
{
    size_t length = strcspn(name, ":");

    for (size_t i = 0; i < NUM_FUNCTIONS; i++) {
        const struct function *function = &functions[i];

        if (strlen(function->name) != length || strncmp(function->name, name, length) != 0)
            continue;
        if (name[length] == ':' && !function->argument) {
            error_set(error, STATUS_USAGE, NULL, "--function %s takes nothing behind a colon",
                      function->name);
            return NULL;
        }
        *argument = name[length] == ':' ? name + length + 1 : function->argument;
        return function;
    }
    function_refuse(name, error);
    return NULL;
}

static void function_list(void)
{
    for (size_t i = 0; i < NUM_FUNCTIONS; i++)
        printf("%-14s %s\n", functions[i].name, functions[i].formula);
}

/* ---- values ---- */

/* y [NUM_POINTS] of x by a layer of that many channels. */
static bool function_activate(const struct function *function, const char *argument,
                              const struct kernels *kernels, const float *x, float *y,
                              struct error *error)
{
    struct layer layer = {.type = function->layer, .input = {1, 1, NUM_POINTS, 0}};
    const struct layer_slice slice = {.kernels = kernels, .num_rows = 1, .input = x, .output = y};

    if (!layer.type->plan(&layer, &argument, argument != NULL, error))
        return false;
    layer.type->forward(&layer, &slice);
    return true;
}

static void function_lose(const struct function *function, const struct kernels *kernels,
                          const float *x, uint32_t label, double *y)
{
    const struct loss loss = {.kind = function->loss};

    for (size_t i = 0; i < NUM_POINTS; i++)
        y[i] = loss_compute_binary(kernels, &loss, x + i, &label, 1, 1.0, NULL);
}

struct function_points {
    float inputs[NUM_POINTS], outputs[2 * NUM_POINTS];
    double x[NUM_POINTS], y[MAX_LINES][NUM_POINTS];
};

static bool function_compute(const struct function *function, const char *argument,
                             struct function_points *points, struct error *error)
{
    const struct kernels *kernels;

    if (!kernels_choose(&kernels, error))
        return false;
    for (size_t i = 0; i < NUM_POINTS; i++) {
        points->x[i] = lowest + (highest - lowest) * (double)i / (NUM_POINTS - 1);
        points->inputs[i] = (float)points->x[i];
    }
    if (function->is_loss) {
        for (uint32_t label = 0; label < MAX_LINES; label++)
            function_lose(function, kernels, points->inputs, label, points->y[label]);
        return true;
    }
    if (function->layer) {
        if (!function_activate(function, argument, kernels, points->inputs, points->outputs, error))
            return false;
        for (size_t i = 0; i < NUM_POINTS; i++)
            points->y[0][i] = (double)points->outputs[i];
        return true;
    }
    loss_binary_probs(kernels, points->inputs, NUM_POINTS, points->outputs);
    for (size_t i = 0; i < NUM_POINTS; i++)
        points->y[0][i] = (double)points->outputs[2 * i + 1];
    return true;
}

bool show_function(const struct show *show, struct error *error)
{
    const char *name = show->options->function, *argument = NULL;
    const struct function *function;
    struct function_points *points = NULL;
    bool ok;

    if (strcmp(name, "list") == 0) {
        function_list();
        return true;
    }
    function = function_find(name, &argument, error);
    ok = function && memory_allocate(&points, 1, sizeof(*points), error) &&
         function_compute(function, argument, points, error);
    if (ok) {
        const struct text_chart_line lines[MAX_LINES] = {
            {function->is_loss ? "label 0" : function->name, points->x, points->y[0], NUM_POINTS},
            {"label 1", points->x, points->y[1], NUM_POINTS}};
        const struct text_chart chart = {.x_label = function->x_label,
                                         .lines = lines,
                                         .num_lines = function->is_loss ? MAX_LINES : 1};

        const char *title =
            TEXT("%s%s%s", function->formula, argument ? ", S = " : "", argument ? argument : "");

        terminal_set_bold(&show->terminal, stdout);
        fputs(title, stdout);
        terminal_set_plain(&show->terminal, stdout);
        putchar('\n');
        terminal_text_wrap(stdout, function->meaning, 0, 0, show->terminal.columns);
        putchar('\n');
        ok = text_chart_print(stdout, &show->terminal, &chart, error);
    }
    free(points);
    return ok;
}
