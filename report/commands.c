#include "report/commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "images/decoder.h"

enum { MAX_SETTINGS = 4096, MAX_LINE = 76, ARGUMENT_SIZE = 4400, MAX_CLASSES_NBYTES = 8192 };

/* ---- a command, broken into lines between its options ---- */

struct command {
    FILE *stream;
    size_t column;
    struct text_list *notes;
    struct error *error;
};

static struct command command_begin(FILE *stream, const char *program, struct text_list *notes,
                                    struct error *error)
{
    fputs(program, stream);
    return (struct command){stream, strlen(program), notes, error};
}

/* Adds an option and its value, or an operand; either may be NULL. */
static void command_add(struct command *command, const char *option, const char *value)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    if (!stream) {
        error_set_memory(command->error, ARGUMENT_SIZE);
        return;
    }
    if (option)
        fprintf(stream, "--%s", option);
    /* A value that looks like an option would be refused as a word of its own. */
    if (option && value)
        fputc(value[0] == '-' ? '=' : ' ', stream);
    if (value)
        text_print_argument(stream, value);
    if (fclose(stream) != 0) {
        error_set_memory(command->error, ARGUMENT_SIZE);
        return;
    }
    if (command->column + 1 + length > MAX_LINE) {
        fputs(" \\\n   ", command->stream);
        command->column = 3;
    }
    fprintf(command->stream, " %s", text);
    command->column += 1 + length;
    free(text);
}

/* Where in a command operands are.  One that would be taken for an option is behind "--", and so
 * behind all options; operands are in front of them, where people write them, otherwise. */
enum command_place { COMMAND_FRONT, COMMAND_END };

/* Adds the operands, of which second may be NULL, if this is their place. */
static void command_add_operands(struct command *command, enum command_place place,
                                 const char *first, const char *second)
{
    bool is_like_option = first[0] == '-' || (second && second[0] == '-');

    if (is_like_option != (place == COMMAND_END))
        return;
    if (is_like_option)
        command_add(command, NULL, "--");
    command_add(command, NULL, first);
    if (second)
        command_add(command, NULL, second);
}

static void command_end(const struct command *command)
{
    fputc('\n', command->stream);
}

/* ---- quern-ingest ---- */

/* "0.2" for "0.20000000000000001": the shortest that is the same number. */
static const char *commands_shorten(const char *number, char *buffer, size_t size)
{
    struct setting setting = {.type = SETTING_REAL, .real = strtod(number, NULL)};

    return setting_format(&setting, buffer, size);
}

/* The store's classes, as --classes takes them. */
static void commands_add_classes(struct command *command, const struct text_list *classes)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    if (!stream) {
        error_set_memory(command->error, 64);
        return;
    }
    for (size_t c = 0; c < classes->count; c++) {
        if (c > 0)
            fputc(',', stream);
        for (const char *at = classes->items[c]; *at; at++)
            fprintf(stream, *at == ',' || *at == '\\' ? "\\%c" : "%c", *at);
    }
    if (fclose(stream) != 0)
        error_set_memory(command->error, MAX_CLASSES_NBYTES);
    else if (length <= MAX_CLASSES_NBYTES)
        command_add(command, "classes", text);
    else {
        command_add(command, "classes", "CLASSES");
        text_list_add(command->notes,
                      "CLASSES: the names in /classes of the store, which are too many for here",
                      command->error);
    }
    free(text);
}

/* Settings of a store whose value is what the option of the same name takes. */
static const char *const same_settings[] = {"test-fraction", "folds",         "fold",  "seed",
                                            "fit",           "background",    "range", "layout",
                                            "unlabelled",    "names-charset", NULL};

static bool commands_is_same(const char *name)
{
    for (size_t i = 0; same_settings[i]; i++)
        if (strcmp(same_settings[i], name) == 0)
            return true;
    return false;
}

/* Those that need more than a look at their name; false: this is none. */
static bool commands_add_special(struct command *command, const struct text_list *classes,
                                 const char *name, const char *value)
{
    char number[64];

    if (strcmp(name, "channels") == 0) {
        if (strcmp(value, "auto") != 0)
            command_add(command, name, value);
    } else if (strcmp(name, "size") == 0) {
        if (strcmp(value, "as-is") != 0)
            command_add(command, name, value);
    } else if (strcmp(name, "classes") == 0) {
        if (strcmp(value, "all") != 0)
            commands_add_classes(command, classes);
    } else if (strcmp(name, "max-pixels") == 0) {
        if (strcmp(value, TEXT("%d", DECODER_DEFAULT_MAX_PIXELS)) != 0)
            command_add(command, name, value);
    } else if (strcmp(name, "compression-level") == 0) {
        if (strcmp(value, "1") != 0)
            command_add(command, name, value);
    } else if (strcmp(name, "valid-fraction") == 0) {
        if (strcmp(value, "none") != 0)
            command_add(command, name, commands_shorten(value, number, sizeof(number)));
    } else if (strcmp(name, "skip-bad") == 0 || strcmp(name, "deduplicate") == 0) {
        if (strcmp(value, "yes") == 0)
            command_add(command, name, NULL);
    } else if (strcmp(name, "split-by") == 0) {
        if (strcmp(value, "path") != 0)
            command_add(command, name, value);
    } else {
        return false;
    }
    return true;
}

static void commands_add_setting(struct command *command, const struct text_list *classes,
                                 const char *name, const char *value)
{
    char number[64];

    if (commands_add_special(command, classes, name, value))
        return;
    if (strcmp(name, "test-fraction") == 0) {
        command_add(command, name, commands_shorten(value, number, sizeof(number)));
    } else if (commands_is_same(name)) {
        command_add(command, name, value);
    } else if (strcmp(name, "labels") == 0) {
        command_add(command, name, "LABELS");
        text_list_add(command->notes,
                      "LABELS: the table of labels; the store records a hash of its contents only",
                      command->error);
    } else if (strcmp(name, "group-by") == 0) {
        command_add(command, name, "REGEX");
        text_list_add(command->notes,
                      "REGEX: the regular expression of the groups; the store records a hash of it "
                      "only",
                      command->error);
    } else {
        text_list_add(command->notes,
                      TEXT("the store was made with a setting that is not known here: %.60s=%.60s",
                           name, value),
                      command->error);
    }
}

bool commands_print_ingest(FILE *stream, struct store *store, const struct commands_names *names,
                           struct text_list *notes, struct error *error)
{
    struct command command = command_begin(stream, "quern-ingest", notes, error);
    char settings[MAX_SETTINGS], digest[128], name[1024], *rest = settings, *item;
    const char *source = name;

    if (!store_read_source(store, settings, sizeof(settings), digest, sizeof(digest), error) ||
        !store_read_source_name(store, name, sizeof(name), error))
        return false;
    if (!*name)
        source = "SOURCE";
    while ((item = strsep(&rest, " ")) != NULL) {
        char *value = strchr(item, '=');

        if (!value)
            continue;
        *value = '\0';
        commands_add_setting(&command, store_classes(store), item, value + 1);
    }
    /* quern-ingest's operands are behind its options in any case. */
    command_add_operands(&command, COMMAND_FRONT, source, names->store);
    command_add_operands(&command, COMMAND_END, source, names->store);
    command_end(&command);
    return error_ok(error);
}

/* ---- quern-train ---- */

/* A setting of /config and the option that takes its value as it is. */
static const struct {
    const char *setting, *option;
} train_options[] = {
    {"distance", "distance"},
    {"loss", "loss"},
    {"label_smoothing", "label-smoothing"},
    {"optimizer", "optimizer"},
    {"learning_rate", "learning-rate"},
    {"momentum", "momentum"},
    {"beta2", "beta2"},
    {"epsilon", "epsilon"},
    {"weight_decay", "weight-decay"},
    {"clip_norm", "clip-norm"},
    {"average", "average"},
    {"gamma", "gamma"},
    {"batch_size", "batch-size"},
    {"accumulate", "accumulate"},
    {"augment", "augment"},
    {"freeze", "freeze"},
    {"monitor", "monitor"},
    {"patience", "patience"},
    {"seed", "seed"},
    {"init_std", "init-std"},
};

static const char *commands_text(const struct settings *config, const char *name)
{
    const struct setting *setting = settings_find(config, name);

    return setting && setting->type == SETTING_TEXT ? setting->text : "";
}

static void commands_add_model(struct command *command, const struct settings *config)
{
    const char *model = commands_text(config, "model"), *layers = commands_text(config, "layers");

    if (strcmp(model, "network") == 0)
        command_add(command, "layers", *layers ? layers : " ");
    else
        command_add(command, "model", model);
}

static void commands_add_initial(struct command *command, const struct settings *config)
{
    const char *init = commands_text(config, "init"), *input = commands_text(config, "input");

    if (strcmp(init, "checkpoint") == 0) {
        bool is_new = *commands_text(config, "new_classes");

        command_add(command, "init-from", "CHECKPOINT");
        /* Else it is the checkpoint's: "standard" may be of its images, and is not asked for. */
        if (strcmp(input, "unit") == 0)
            command_add(command, "input", input);
        if (is_new)
            command_add(command, "new-classes", NULL);
        text_list_add(command->notes,
                      TEXT("CHECKPOINT: training began with the parameters of another "
                           "checkpoint%s; all that it began with have the SHA-256 %.64s",
                           is_new ? " but for the last layer" : "",
                           commands_text(config, "init_sha256")),
                      command->error);
        return;
    }
    if (*input)
        command_add(command, "input", input);
    if (*init)
        command_add(command, "init", init);
}

/* Epochs of so many steps, of which the run has so many in each. */
static void commands_add_epochs(struct command *command, const struct checkpoint *checkpoint,
                                const char *setting, const char *option)
{
    const struct setting *steps = settings_find(&checkpoint->config, setting);
    char text[64];

    if (!steps || steps->type != SETTING_COUNT)
        return;
    if (checkpoint->epoch == 0 || checkpoint->batch > 0 ||
        checkpoint->step % checkpoint->epoch != 0) {
        command_add(command, option, "EPOCHS");
        text_list_add(
            command->notes,
            TEXT("EPOCHS of --%s: as many as are %" PRIu64 " updates", option, steps->count),
            command->error);
        return;
    }
    setting_format(&(struct setting){.type = SETTING_REAL,
                                     .real = (double)steps->count / ((double)checkpoint->step /
                                                                     (double)checkpoint->epoch)},
                   text, sizeof(text));
    command_add(command, option, text);
}

static void commands_add_schedule(struct command *command, const struct checkpoint *checkpoint)
{
    const struct settings *config = &checkpoint->config;
    const char *schedule = commands_text(config, "schedule");
    const struct setting *window = settings_find(config, "shuffle_window");
    const char *shuffle = commands_text(config, "shuffle");

    command_add(command, "epochs", TEXT("%" PRIu64, checkpoint->epochs));
    command_add(command, "schedule", *schedule ? schedule : "constant");
    commands_add_epochs(command, checkpoint, "step_steps", "step-epochs");
    commands_add_epochs(command, checkpoint, "warmup_steps", "warmup");
    if (window && window->type == SETTING_COUNT)
        command_add(command, "shuffle", TEXT("window:%" PRIu64, window->count));
    else if (*shuffle)
        command_add(command, "shuffle", shuffle);
    if (*commands_text(config, "nesterov"))
        command_add(command, "nesterov", NULL);
}

static void commands_add_weights(struct command *command, const struct settings *config)
{
    const char *weights = commands_text(config, "class_weights");

    if (!*weights)
        return;
    command_add(command, "class-weights", strcmp(weights, "balanced") == 0 ? weights : "WEIGHTS");
    if (strcmp(weights, "balanced") != 0)
        text_list_add(command->notes,
                      TEXT("WEIGHTS: a file of class weights; the checkpoint records their SHA-256 "
                           "only, %.64s",
                           weights),
                      command->error);
}

bool commands_print_train(FILE *stream, const struct checkpoint *checkpoint,
                          const struct commands_names *names, struct text_list *notes,
                          struct error *error)
{
    struct command command = command_begin(stream, "quern-train", notes, error);
    const struct settings *config = &checkpoint->config;
    char value[ARGUMENT_SIZE];

    command_add_operands(&command, COMMAND_FRONT, names->store, NULL);
    command_add(&command, "output", names->run);
    commands_add_model(&command, config);
    for (size_t i = 0; i < sizeof(train_options) / sizeof(train_options[0]); i++) {
        const struct setting *setting = settings_find(config, train_options[i].setting);

        if (setting)
            command_add(&command, train_options[i].option,
                        setting_format(setting, value, sizeof(value)));
    }
    if (settings_find(config, "optimizer")) {
        commands_add_initial(&command, config);
        commands_add_weights(&command, config);
        commands_add_schedule(&command, checkpoint);
    }
    command_add_operands(&command, COMMAND_END, names->store, NULL);
    command_end(&command);
    return error_ok(error);
}

/* ---- quern-evaluate ---- */

void commands_print_evaluate(FILE *stream, const struct checkpoint *checkpoint, enum split split,
                             const struct commands_names *names)
{
    struct error ignored = {0};
    struct command command = command_begin(stream, "quern-evaluate", NULL, &ignored);
    char path[2048];

    text_format(path, sizeof(path), "%s/epoch-%04" PRIu64 ".h5", names->run, checkpoint->epoch);
    command_add_operands(&command, COMMAND_FRONT, path, names->store);
    command_add(&command, "split", split_names[split]);
    command_add(&command, "report", names->report);
    command_add_operands(&command, COMMAND_END, path, names->store);
    command_end(&command);
}
