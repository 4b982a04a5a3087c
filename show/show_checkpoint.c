/* Checkpoints: what one is, its layers, settings, parameters and history. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apply/best.h"
#include "common/file.h"
#include "common/text.h"
#include "model/network.h"
#include "show/show_fields.h"
#include "show/show_history.h"
#include "show/show_runs.h"
#include "show/tensor_statistics.h"
#include "view/terminal/text_table.h"

enum { NUM_CLASSES_NAMED = 12 };

/* ---- what it is ---- */

/* "3, 7" or "0, 1, 2, ... (100)" */
static char *show_checkpoint_list_classes(const struct text_list *classes, struct error *error)
{
    char *text = NULL;
    size_t nbytes;
    FILE *stream = open_memstream(&text, &nbytes);

    if (!stream) {
        error_set_memory(error, 1);
        return NULL;
    }
    fprintf(stream, "%zu: ", classes->count);
    for (size_t i = 0; i < classes->count && i < NUM_CLASSES_NAMED; i++)
        fprintf(stream, "%s%.200s", i ? ", " : "", classes->items[i]);
    if (classes->count > NUM_CLASSES_NAMED)
        fprintf(stream, ", and %zu more", classes->count - NUM_CLASSES_NAMED);
    if (fclose(stream) == 0)
        return text;
    error_set_memory(error, nbytes);
    free(text);
    return NULL;
}

uint64_t show_count_parameters(const struct checkpoint *checkpoint)
{
    uint64_t count = 0;

    for (size_t i = 0; i < checkpoint->num_parameters; i++)
        count += tensor_num_elements(&checkpoint->parameters[i]);
    return count;
}

static const char *show_checkpoint_setting(const struct checkpoint *checkpoint, const char *name)
{
    const struct setting *setting = settings_find(&checkpoint->config, name);

    return setting && setting->type == SETTING_TEXT ? setting->text : NULL;
}

/* Is it the best.h5 that quern-train keeps? */
static bool show_checkpoint_is_best(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash ? slash + 1 : path, "best.h5") == 0;
}

static const char *show_checkpoint_progress(const char *path, const struct checkpoint *checkpoint,
                                            char *text, size_t size)
{
    char step[32], batch[80] = "";

    text_group_digits(step, sizeof(step), checkpoint->step);
    if (checkpoint->batch > 0)
        text_format(batch, sizeof(batch), ", %" PRIu64 " batches into epoch %" PRIu64,
                    checkpoint->batch, checkpoint->epoch + 1);
    if (show_checkpoint_is_best(path))
        return text_format(
            text, size, "the best epoch so far of a run of %" PRIu64 ": epoch %" PRIu64 ", step %s",
            checkpoint->epochs, checkpoint->epoch, step);
    return text_format(text, size, "epoch %" PRIu64 " of %s%" PRIu64 "%s, step %s%s",
                       checkpoint->epoch, checkpoint->finished ? "" : "a run of ",
                       checkpoint->epochs, batch, step, checkpoint->finished ? ", finished" : "");
}

/* The epoch that the history has as the best, which need not be this one. */
static void show_checkpoint_best(FILE *stream, const struct terminal *terminal,
                                 const struct checkpoint *checkpoint)
{
    const struct epoch_record *best =
        best_find(checkpoint->records, checkpoint->num_records, best_monitor(&checkpoint->config));
    char text[400], record[300];

    if (best)
        show_print_field(stream, terminal, "best",
                         text_format(text, sizeof(text), "epoch %s",
                                     history_format_record(best, record, sizeof(record))));
}

static bool show_checkpoint_summary(FILE *stream, const struct terminal *terminal, const char *path,
                                    const struct checkpoint *checkpoint, struct error *error)
{
    const struct image_shape *image = &checkpoint->image;
    const char *model = show_checkpoint_setting(checkpoint, "model");
    const char *loss = show_checkpoint_setting(checkpoint, "loss");
    const char *distance = show_checkpoint_setting(checkpoint, "distance");
    char *classes = show_checkpoint_list_classes(&checkpoint->classes, error);
    char text[400], count[32];

    if (!classes)
        return false;
    terminal_set_bold(terminal, stream);
    text_print_escaped(stream, path);
    terminal_set_plain(terminal, stream);
    fprintf(stream, ": quern checkpoint%s\n",
            checkpoint->is_sealed ? "" : ", rewritten by another program");
    text_format(text, sizeof(text), "%.60s%s%.60s%s, %s parameters", model ? model : "unknown",
                loss || distance ? ", " : "",
                loss       ? loss
                : distance ? distance
                           : "",
                loss       ? " loss"
                : distance ? " distance"
                           : "",
                text_group_digits(count, sizeof(count), show_count_parameters(checkpoint)));
    show_print_field(stream, terminal, "model", text);
    show_print_field(stream, terminal, "progress",
                     show_checkpoint_progress(path, checkpoint, text, sizeof(text)));
    show_checkpoint_best(stream, terminal, checkpoint);
    show_print_field(stream, terminal, "images",
                     text_format(text, sizeof(text), "%zux%zu %s (height x width)", image->height,
                                 image->width, image->channels == 1 ? "gray" : "RGB"));
    show_print_field(stream, terminal, "preparation",
                     checkpoint->preparation[0] ? checkpoint->preparation
                                                : "none: images are as they were in their files");
    show_print_field(stream, terminal, "classes", classes);
    show_print_field(
        stream, terminal, "store",
        text_format(text, sizeof(text), "fingerprint %.16s", checkpoint->store_fingerprint));
    free(classes);
    return true;
}

/* ---- layers ---- */

static bool show_checkpoint_add_layer(struct text_table *table, const char *name, const char *text,
                                      const char *output, uint64_t num_parameters,
                                      struct error *error)
{
    char count[32];
    const char *const cells[] = {name, text, output,
                                 text_group_digits(count, sizeof(count), num_parameters)};

    return text_table_add(table, cells, error);
}

/* The layers of a network, planned as for training; other models are one layer. */
static bool show_checkpoint_fill_layers(const char *path, const struct checkpoint *checkpoint,
                                        struct text_table *table, struct error *error)
{
    const char *model = show_checkpoint_setting(checkpoint, "model");
    const char *text = show_checkpoint_setting(checkpoint, "layers");
    size_t num_classes = checkpoint->classes.count;
    size_t num_logits = num_classes == 2 ? 1 : num_classes;
    struct network network = {0};
    struct error reason = {0};
    bool ok = true;

    if (!text)
        return show_checkpoint_add_layer(
            table, model ? model : "unknown", model ? model : "",
            TEXT("%zu", model && strcmp(model, "linear") == 0 ? num_logits : num_classes),
            show_count_parameters(checkpoint), error);
    if (!network_plan(&network, text, &checkpoint->image, num_logits, &reason))
        return error_set(error, reason.status == STATUS_USAGE ? STATUS_DATA : reason.status,
                         ERROR_AT(.file = path, .dataset = "/config"), "%s", reason.what);
    for (size_t i = 0; i < network.num_layers && ok; i++) {
        const struct layer *layer = &network.layers[i];
        char output[64];

        ok = show_checkpoint_add_layer(
            table, layer->name, layer->text,
            network_format_output(&network, layer, output, sizeof(output)),
            network_layer_parameters(layer), error);
    }
    network_free(&network);
    return ok;
}

static bool show_checkpoint_layers(FILE *stream, const struct terminal *terminal, const char *path,
                                   const struct checkpoint *checkpoint, struct error *error)
{
    static const struct text_table_column columns[] = {
        {"layer", TEXT_TABLE_LEFT},
        {"text", TEXT_TABLE_LEFT},
        {"output", TEXT_TABLE_RIGHT},
        {"parameters", TEXT_TABLE_RIGHT},
    };
    struct text_table table = {.columns = columns, .num_columns = 4};
    bool ok = show_checkpoint_fill_layers(path, checkpoint, &table, error);

    if (ok) {
        show_print_heading(stream, terminal, "layers");
        ok = text_table_print(stream, terminal, &table, error);
    }
    text_table_free(&table);
    return ok;
}

/* ---- settings ---- */

static void show_checkpoint_config(FILE *stream, const struct terminal *terminal,
                                   const struct settings *config)
{
    char value[SETTING_MAX_TEXT];

    show_print_heading(stream, terminal, "configuration");
    for (size_t i = 0; i < config->count; i++) {
        char name[4 * SETTING_MAX_NAME];

        text_escape(name, sizeof(name), config->items[i].name);
        show_print_field(stream, terminal, name,
                         setting_format(&config->items[i], value, sizeof(value)));
    }
}

/* ---- parameters ---- */

static bool show_checkpoint_add_tensor(struct text_table *table, const struct tensor *tensor,
                                       const struct tensor_statistics *statistics,
                                       struct error *error)
{
    char shape[100], numbers[4][32], zeros[32];
    const double values[] = {statistics->least, statistics->largest, statistics->mean,
                             statistics->deviation};
    const char *cells[7] = {tensor->name, tensor_format_shape(shape, tensor)};

    for (size_t i = 0; i < 4; i++)
        cells[2 + i] =
            isnan(values[i]) ? "-" : text_format(numbers[i], sizeof(numbers[i]), "%.4g", values[i]);
    cells[6] =
        statistics->num_values == 0
            ? "-"
            : text_format(zeros, sizeof(zeros), "%.1f %%",
                          100 * (double)statistics->num_zeros / (double)statistics->num_values);
    return text_table_add(table, cells, error);
}

/* What no training that is well gives. */
static void show_checkpoint_alarm(FILE *stream, const struct terminal *terminal, const char *group,
                                  const struct tensor *tensor,
                                  const struct tensor_statistics *statistics)
{
    char counts[3][32];

    if (statistics->num_nans + statistics->num_infinite == 0)
        return;
    terminal_set_bold(terminal, stream);
    fprintf(stream, "WARNING: %s", group);
    text_print_escaped(stream, tensor->name);
    fprintf(stream, " holds %s NaN and %s infinite among %s values: the training diverged\n",
            text_group_digits(counts[0], sizeof(counts[0]), statistics->num_nans),
            text_group_digits(counts[1], sizeof(counts[1]), statistics->num_infinite),
            text_group_digits(counts[2], sizeof(counts[2]), statistics->num_values));
    terminal_set_plain(terminal, stream);
}

static bool show_checkpoint_statistics(FILE *stream, const struct terminal *terminal,
                                       const struct checkpoint *checkpoint, struct error *error)
{
    static const struct text_table_column columns[] = {
        {"tensor", TEXT_TABLE_LEFT},   {"shape", TEXT_TABLE_RIGHT}, {"least", TEXT_TABLE_RIGHT},
        {"largest", TEXT_TABLE_RIGHT}, {"mean", TEXT_TABLE_RIGHT},  {"std", TEXT_TABLE_RIGHT},
        {"zeros", TEXT_TABLE_RIGHT},
    };
    struct text_table table = {.columns = columns, .num_columns = 7};
    bool ok = true;

    show_print_heading(stream, terminal, "parameters");
    for (size_t i = 0; i < checkpoint->num_parameters && ok; i++) {
        const struct tensor *tensor = &checkpoint->parameters[i];
        struct tensor_statistics statistics = tensor_statistics_of(tensor);

        show_checkpoint_alarm(stream, terminal, "", tensor, &statistics);
        ok = show_checkpoint_add_tensor(&table, tensor, &statistics, error);
    }
    for (size_t i = 0; i < checkpoint->num_states && ok; i++) {
        struct tensor_statistics statistics = tensor_statistics_of(&checkpoint->states[i]);

        show_checkpoint_alarm(stream, terminal, "the optimizer's ", &checkpoint->states[i],
                              &statistics);
    }
    if (ok)
        ok = text_table_print(stream, terminal, &table, error);
    text_table_free(&table);
    return ok;
}

/* ---- history ---- */

static bool show_checkpoint_history(FILE *stream, const struct terminal *terminal,
                                    const struct checkpoint *checkpoint, uint64_t num_valid,
                                    struct error *error)
{
    const struct history history = {.count = checkpoint->num_records,
                                    .records = checkpoint->records};
    const struct history_chart chart = {.rows = 10};

    show_print_heading(stream, terminal, "history");
    if (checkpoint->num_records == 0)
        fprintf(stream, "  no epoch is done yet: these are the initial parameters\n");
    return history_print_records(stream, terminal, checkpoint->records, checkpoint->num_records,
                                 best_monitor(&checkpoint->config), num_valid, error) &&
           history_print_run(stream, terminal, &chart, &history, error);
}

bool show_print_checkpoint(FILE *stream, const struct terminal *terminal, const char *path,
                           const struct checkpoint *checkpoint, uint64_t num_valid,
                           struct error *error)
{
    /* First what is looked for most often, last what is longest. */
    if (!show_checkpoint_summary(stream, terminal, path, checkpoint, error) ||
        !show_checkpoint_history(stream, terminal, checkpoint, num_valid, error) ||
        !show_checkpoint_layers(stream, terminal, path, checkpoint, error))
        return false;
    show_checkpoint_config(stream, terminal, &checkpoint->config);
    return show_checkpoint_statistics(stream, terminal, checkpoint, error);
}
