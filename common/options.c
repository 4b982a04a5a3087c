#include "common/options.h"

#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/completion.h"
#include "common/options_help.h"
#include "common/progress.h"
#include "common/suggestion.h"
#include "common/text.h"
#include "common/text_list.h"

static bool options_takes_value(const struct option_spec *spec)
{
    return spec->type != OPTION_FLAG;
}

/* Every program has these. */
enum { GENERAL_HELP, GENERAL_VERSION, GENERAL_QUIET, GENERAL_COMPLETION, NUM_GENERAL };

static const struct option_spec options_general[NUM_GENERAL] = {
    [GENERAL_HELP] = {OPTION_FLAG, "help", .help = "print this help and exit"},
    [GENERAL_VERSION] = {OPTION_FLAG, "version", .help = "print the version and exit"},
    [GENERAL_QUIET] = {OPTION_FLAG, "quiet",
                       .help = "no progress and no notes on how the work is done; results, "
                               "warnings, errors and what becomes of data are still printed"},
    [GENERAL_COMPLETION] = {OPTION_CHOICE, "completion",
                            .help = "print what makes this shell complete the options, and exit",
                            .choices = completion_shell_names, .shown_default = ""},
};

static bool options_has_general(const struct program *program, size_t i)
{
    return i != GENERAL_QUIET || !program->is_brief;
}

/* Those of the program; returns how many. */
static size_t options_list_general(const struct program *program,
                                   struct option_spec general[NUM_GENERAL])
{
    size_t count = 0;

    for (size_t i = 0; i < NUM_GENERAL; i++)
        if (options_has_general(program, i))
            general[count++] = options_general[i];
    return count;
}

/* ---- values ---- */

static bool options_refuse_value(const char *name, const char *text, const char *expected,
                                 struct error *error)
{
    return error_set(error, STATUS_USAGE,
                     ERROR_AT(.expected = expected, .found = TEXT("'%s'", text)), "%s", name);
}

bool options_parse_count(const char *name, const char *text, uint64_t minimum, uint64_t maximum,
                         uint64_t *value, struct error *error)
{
    uint64_t parsed;

    if (text_to_count(text, &parsed) && parsed >= minimum && parsed <= maximum) {
        *value = parsed;
        return true;
    }
    return options_refuse_value(
        name, text,
        maximum == UINT64_MAX
            ? TEXT("a whole number, %" PRIu64 " or more", minimum)
            : TEXT("a whole number from %" PRIu64 " to %" PRIu64, minimum, maximum),
        error);
}

static bool options_take_nbytes(const char *name, const char *text, uint64_t *value,
                                struct error *error)
{
    static const char units[] = "KMGT";
    size_t num_digits = strspn(text, "0123456789");
    const char *unit = text[num_digits] ? strchr(units, text[num_digits]) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    uint64_t number;

    if ((text[num_digits] && (!unit || text[num_digits + 1])) || num_digits > 20 ||
        !text_to_count(TEXT("%.*s", (int)num_digits, text), &number) || number == 0 ||
        number > UINT64_MAX >> shift)
        return options_refuse_value(name, text, "a number of bytes such as 512M or 4G, 1 or more",
                                    error);
    *value = number << shift;
    return true;
}

bool options_parse_real(const char *name, const char *text, double minimum, double maximum,
                        double *value, struct error *error)
{
    const char *expected = isinf(maximum) ? TEXT("a number, %g or more", minimum)
                                          : TEXT("a number from %g to %g", minimum, maximum);
    char *end;
    double parsed;

    if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return options_refuse_value(name, text, expected, error);
    /* strtod says ERANGE of tiny numbers too, which are exact enough: errno is not looked at. */
    parsed = strtod(text, &end);
    if (*end != '\0' || !isfinite(parsed) || parsed < minimum || parsed > maximum)
        return options_refuse_value(name, text, expected, error);
    /* Training computes in single precision, where 1e-46 is 0: the option would do nothing. */
    if ((float)parsed == 0 && strcspn(text, "123456789") < strcspn(text, "eE"))
        return options_refuse_value(name, text, "a number that is not 0 in single precision",
                                    error);
    *value = parsed;
    return true;
}

static bool options_take_size(const struct option_spec *spec, const char *name, const char *text,
                              uint64_t minimum, uint64_t maximum, struct error *error)
{
    uint64_t *value = spec->value;
    size_t length = strcspn(text, "x");
    uint64_t height, width;

    if (text[length] == '\0' || length > 20 ||
        !text_to_count(TEXT("%.*s", (int)length, text), &height) ||
        !text_to_count(text + length + 1, &width) || height < minimum || height > maximum ||
        width < minimum || width > maximum)
        return options_refuse_value(name, text,
                                    TEXT("%s such as 28x28, each %" PRIu64 " to %" PRIu64,
                                         spec->metavar ? spec->metavar : "HxW", minimum, maximum),
                                    error);
    value[0] = height;
    value[1] = width;
    return true;
}

static bool options_take_names(const char *name, const char *text, struct text_list *names,
                               struct error *error)
{
    char *item = malloc(strlen(text) + 1);
    size_t length = 0;
    bool ok = item || error_set_memory(error, strlen(text) + 1);

    text_list_free(names);
    for (const char *c = text; ok; c++) {
        if (*c == '\\' && c[1] != '\0') {
            item[length++] = *++c;
        } else if (*c != ',' && *c != '\0') {
            item[length++] = *c;
        } else {
            item[length] = '\0';
            if (length == 0)
                ok = options_refuse_value(name, text, "names with commas between them", error);
            else if (text_list_find(names, item) < names->count)
                ok = options_refuse_value(name, text, "each name once", error);
            else
                ok = text_list_add(names, item, error);
            length = 0;
            if (*c == '\0')
                break;
        }
    }
    free(item);
    return ok;
}

static bool options_take_choice(const struct option_spec *spec, const char *name, const char *text,
                                struct error *error)
{
    struct suggestion suggestion = {0};
    char choices[200];

    for (int i = 0; spec->choices[i]; i++) {
        if (strcmp(spec->choices[i], text) == 0) {
            *(int *)spec->value = i;
            return true;
        }
        suggestion_consider(&suggestion, text, spec->choices[i]);
    }
    options_help_choices(spec, choices, sizeof(choices));
    return error_set(error, STATUS_USAGE,
                     ERROR_AT(.expected = choices,
                              .found = suggestion.name
                                           ? TEXT("'%s': did you mean %s?", text, suggestion.name)
                                           : TEXT("'%s'", text)),
                     "%s", name);
}

/* The bounds of real numbers may be negative or infinite, which no count is. */
static uint64_t options_bound_of_count(double bound)
{
    return bound <= 0 ? 0 : bound < 0x1p64 ? (uint64_t)bound : UINT64_MAX;
}

static bool options_take_value(const struct option_spec *spec, const char *text,
                               struct error *error)
{
    const char *name = TEXT("--%s", spec->name);
    bool is_bounded = spec->minimum != 0 || spec->maximum != 0;
    uint64_t minimum = options_bound_of_count(spec->minimum);
    uint64_t maximum = is_bounded ? options_bound_of_count(spec->maximum) : UINT64_MAX;

    switch (spec->type) {
    case OPTION_FLAG:
        *(bool *)spec->value = true;
        return true;
    case OPTION_TEXT:
        if (text[0] == '\0')
            return options_refuse_value(name, text, spec->metavar, error);
        *(const char **)spec->value = text;
        return true;
    case OPTION_COUNT:
        return options_parse_count(name, text, minimum, maximum, spec->value, error);
    case OPTION_REAL:
        return options_parse_real(name, text, spec->minimum, is_bounded ? spec->maximum : INFINITY,
                                  spec->value, error);
    case OPTION_CHOICE:
        return options_take_choice(spec, name, text, error);
    case OPTION_NBYTES:
        return options_take_nbytes(name, text, spec->value, error);
    case OPTION_SIZE:
        return options_take_size(spec, name, text, minimum, maximum, error);
    case OPTION_NAMES:
        return options_take_names(name, text, spec->value, error);
    case OPTION_HEADING:
        break;
    }
    return error_set(error, STATUS_INTERNAL, NULL, "option %s has no type", name);
}

/* ---- one option after the other ---- */

/* The row of the option whose name is the first length characters of name; or NULL. */
static const struct option_spec *options_find(const struct program *program, const char *name,
                                              size_t length)
{
    for (size_t i = 0; i < program->num_options; i++) {
        const struct option_spec *spec = &program->options[i];

        if (spec->type != OPTION_HEADING && strlen(spec->name) == length &&
            memcmp(spec->name, name, length) == 0)
            return spec;
    }
    for (size_t i = 0; i < NUM_GENERAL; i++)
        if (options_has_general(program, i) && strlen(options_general[i].name) == length &&
            memcmp(options_general[i].name, name, length) == 0)
            return &options_general[i];
    return NULL;
}

/* length: of the argument, up to its "=". */
static bool options_refuse_unknown(const struct program *program, const char *argument,
                                   size_t length, struct error *error)
{
    const char *typed = TEXT("%.*s", (int)length, argument);
    const char *word = typed + strspn(typed, "-");
    struct suggestion suggestion = {0};

    for (size_t i = 0; i < program->num_options; i++)
        if (program->options[i].type != OPTION_HEADING)
            suggestion_consider(&suggestion, word, program->options[i].name);
    for (size_t i = 0; i < NUM_GENERAL; i++)
        if (options_has_general(program, i))
            suggestion_consider(&suggestion, word, options_general[i].name);
    if (!suggestion.name)
        return error_set(error, STATUS_USAGE, NULL, "unknown option %s", typed);
    return error_set(error, STATUS_USAGE, NULL, "unknown option %s: did you mean --%s?", typed,
                     suggestion.name);
}

/* A command line that is being parsed. */
struct options_state {
    const struct program *program;
    bool *given; /* [program->num_options] of each row: was the option met? */
    bool *done;  /* the help or the version was printed */
};

static bool options_take_general(const struct options_state *state, const struct option_spec *spec,
                                 const char *value, struct error *error)
{
    struct option_spec general[NUM_GENERAL], completion = *spec;
    size_t num_general = options_list_general(state->program, general);
    int shell = 0;

    *state->done = spec != &options_general[GENERAL_QUIET];
    switch (spec - options_general) {
    case GENERAL_HELP:
        options_help_print(state->program, general, num_general, stdout);
        break;
    case GENERAL_VERSION:
        printf("%s (quern) %s\n", state->program->name, QUERN_VERSION);
        break;
    case GENERAL_QUIET:
        progress_set_quiet(true);
        break;
    case GENERAL_COMPLETION:
        completion.value = &shell;
        if (!options_take_value(&completion, value, error))
            return false;
        if (state->program->complete)
            state->program->complete(state->program, general, num_general, shell);
        else
            completion_print(state->program, general, num_general, (enum completion_shell)shell,
                             stdout);
        break;
    }
    return true;
}

/*
 * Takes the option arguments[0] and, where it has one of its own, its value arguments[1].
 * *num_taken: 1 or 2.
 */
static bool options_take(const struct options_state *state, char **arguments, int count,
                         int *num_taken, struct error *error)
{
    const struct program *program = state->program;
    const char *argument = arguments[0];
    size_t length = strcspn(argument, "=");
    const char *value = argument[length] ? argument + length + 1 : NULL;
    const struct option_spec *spec = NULL;

    *num_taken = 1;
    if (strcmp(argument, "-h") == 0)
        spec = &options_general[GENERAL_HELP];
    else if (argument[1] == '-')
        spec = options_find(program, argument + 2, length - 2);
    if (!spec)
        return options_refuse_unknown(program, argument, length, error);
    if (!options_takes_value(spec) && value)
        return error_set(error, STATUS_USAGE, NULL, "option --%s takes no value", spec->name);
    if (options_takes_value(spec) && !value) {
        if (count < 2)
            return error_set(error, STATUS_USAGE, NULL, "option --%s needs a value", spec->name);
        value = arguments[1];
        if (strncmp(value, "--", 2) == 0 && options_find(program, value + 2, strlen(value + 2)))
            return error_set(error, STATUS_USAGE, NULL,
                             "option --%s needs a value, and %s is an option", spec->name, value);
        *num_taken = 2;
    }
    if (spec >= options_general && spec < options_general + NUM_GENERAL)
        return options_take_general(state, spec, value, error);
    state->given[spec - program->options] = true;
    if (spec->given)
        *spec->given = true;
    return options_take_value(spec, value, error);
}

/* ---- what the options mean together ---- */

/*
 * Does a condition hold, the first length characters of condition: "merge" or "model=linear"?
 * shown [size] becomes what was or would be typed: "--model linear".
 */
static bool options_check_condition(const struct options_state *state, const char *condition,
                                    size_t length, bool *holds, char *shown, size_t size,
                                    struct error *error)
{
    size_t name_length = strcspn(condition, "= ");
    const struct option_spec *spec = options_find(state->program, condition, name_length);
    const char *value = NULL, *wanted = condition + name_length + 1;
    size_t wanted_length = length - name_length - 1;

    if (!spec)
        return error_set(error, STATUS_INTERNAL, NULL, "no option for the condition '%s'",
                         condition);
    if (name_length == length) {
        *holds = state->given[spec - state->program->options];
        text_format(shown, size, "--%s", spec->name);
        return true;
    }
    if (spec->type == OPTION_CHOICE)
        value = spec->choices[*(int *)spec->value];
    else if (spec->type == OPTION_TEXT)
        value = *(const char **)spec->value;
    *holds = value && strlen(value) == wanted_length && memcmp(value, wanted, wanted_length) == 0;
    text_format(shown, size, "--%s %.*s", spec->name, (int)wanted_length, wanted);
    return true;
}

static bool options_check_conditions(const struct options_state *state,
                                     const struct option_spec *spec, const char *conditions,
                                     bool must_hold, struct error *error)
{
    bool is_given = state->given[spec - state->program->options];
    bool ok = true;

    while (ok && conditions && *conditions) {
        size_t length = strcspn(conditions, " ");
        char shown[100];
        bool holds = false;

        ok =
            options_check_condition(state, conditions, length, &holds, shown, sizeof(shown), error);
        if (ok && is_given && holds != must_hold)
            ok = error_set(error, STATUS_USAGE, NULL, "--%s %s %s", spec->name,
                           must_hold ? "needs" : "does not go with", shown);
        conditions += length;
        conditions += strspn(conditions, " ");
    }
    return ok;
}

static bool options_check_together(const struct options_state *state, struct error *error)
{
    bool ok = true;

    for (size_t i = 0; ok && i < state->program->num_options; i++) {
        const struct option_spec *spec = &state->program->options[i];

        if (spec->is_required && !state->given[i])
            ok = error_set(error, STATUS_USAGE, NULL, "--%s %s is missing", spec->name,
                           spec->metavar);
        ok = ok && options_check_conditions(state, spec, spec->excludes, false, error) &&
             options_check_conditions(state, spec, spec->needs, true, error);
    }
    return ok;
}

bool options_parse(const struct program *program, int argc, char **argv, int *first_operand,
                   bool *done, struct error *error)
{
    char **operands = calloc((size_t)argc + 1, sizeof(*operands));
    bool *given = calloc(program->num_options + 1, sizeof(*given));
    const struct options_state state = {program, given, done};
    int num_kept = argc > 0, num_operands = 0, next = 1;
    bool is_end = false; /* of the options: all that follows "--" is an operand */
    bool ok = (operands && given) || error_set_memory(error, (size_t)argc * sizeof(*operands));

    *done = false;
    while (ok && !*done && next < argc) {
        int num_taken = 1;

        if (is_end || argv[next][0] != '-' || argv[next][1] == '\0') {
            operands[num_operands++] = argv[next++];
            continue;
        }
        if (strcmp(argv[next], "--") == 0)
            is_end = true;
        else
            ok = options_take(&state, argv + next, argc - next, &num_taken, error);
        while (num_taken-- > 0)
            argv[num_kept++] = argv[next++];
    }
    for (int i = 0; i < num_operands; i++)
        argv[num_kept + i] = operands[i];
    *first_operand = num_kept;
    ok = ok && (*done || options_check_together(&state, error));
    free(operands);
    free(given);
    return ok;
}

bool options_check_operands(const char *names, int count, char **operands, struct error *error)
{
    const char *next = names;
    int i = 0;

    for (; *next; next += strspn(next, " ")) {
        size_t length = strcspn(next, " ");
        bool is_list = length > 3 && memcmp(next + length - 3, "...", 3) == 0;

        if (i == count && *next != '[')
            return error_set(error, STATUS_USAGE, NULL, "%.*s is missing",
                             (int)(is_list ? length - 3 : length), next);
        for (; i < count; i++) {
            if (operands[i][0] == '\0')
                return error_set(error, STATUS_USAGE, NULL, "the name of %.*s is empty",
                                 (int)length, next);
            if (!is_list) {
                i++;
                break;
            }
        }
        next += length;
    }
    return i == count || error_set(error, STATUS_USAGE, ERROR_AT(.expected = names),
                                   "'%s' is one operand too many", operands[i]);
}

/* Has who read our standard output gone away, as head does after its lines? */
static bool options_reader_is_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};

    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

/* In silence, by the signal that ends programs which do not ignore it. */
static void options_end_by_closed_pipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

int options_exit_status(const char *program, const struct error *error)
{
    int code = (int)error->status;
    bool is_written = fflush(stdout) == 0 && !ferror(stdout);
    bool is_about_output = error_ok(error) ? !is_written : strcmp(error->file, ERROR_STDOUT) == 0;

    if (is_about_output && options_reader_is_gone())
        options_end_by_closed_pipe();
    if (!error_ok(error))
        error_print(error, program, stderr);
    if (code == STATUS_USAGE)
        fprintf(stderr, "Try '%s --help'.\n", program);
    /* Output that could not be written is a failure, even after all else went well. */
    if (!is_written && error_ok(error)) {
        fprintf(stderr, "%s: cannot write to standard output\n", program);
        code = STATUS_IO;
    }
    return code;
}
