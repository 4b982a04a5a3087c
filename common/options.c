#include "common/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "common/text.h"

enum { HELP_COLUMN = 30, HELP_WIDTH = 100, CODE_HELP = 256, CODE_VERSION, CODE_FIRST };

static bool takes_value(const struct option_spec *spec)
{
    return spec->type != OPTION_FLAG;
}

static void print_wrapped(const char *text, int column, FILE *stream)
{
    bool is_first = true;

    while (*text) {
        size_t length = strcspn(text, " ");

        if (is_first) {
            column += (int)length;
        } else if (column + 1 + (int)length <= HELP_WIDTH) {
            fputc(' ', stream);
            column += 1 + (int)length;
        } else {
            fprintf(stream, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN + (int)length;
        }
        fprintf(stream, "%.*s", (int)length, text);
        is_first = false;
        text += length;
        if (*text == ' ')
            text++;
    }
    fputc('\n', stream);
}

static void format_choices(const struct option_spec *spec, char *buffer, size_t size)
{
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; spec->choices[i] && used < size; i++)
        used +=
            (size_t)snprintf(buffer + used, size - used, "%s%s", i ? "|" : "", spec->choices[i]);
}

static void format_default(const struct option_spec *spec, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (spec->shown_default) {
        snprintf(buffer, size, "%s", spec->shown_default);
        return;
    }
    switch (spec->type) {
    case OPTION_TEXT:
        if (*(const char **)spec->value)
            snprintf(buffer, size, "%s", *(const char **)spec->value);
        break;
    case OPTION_COUNT:
        snprintf(buffer, size, "%" PRIu64, *(uint64_t *)spec->value);
        break;
    case OPTION_REAL:
        snprintf(buffer, size, "%g", *(double *)spec->value);
        break;
    case OPTION_CHOICE:
        snprintf(buffer, size, "%s", spec->choices[*(int *)spec->value]);
        break;
    case OPTION_HEADING:
    case OPTION_FLAG:
        break;
    }
}

static void print_option(const struct option_spec *spec, FILE *stream)
{
    char left[160], value[120] = "", shown[64], line[1024];
    int width;

    if (spec->type == OPTION_HEADING) {
        fprintf(stream, "\n%s:\n", spec->help);
        return;
    }
    if (spec->type == OPTION_CHOICE)
        format_choices(spec, value, sizeof(value));
    else if (takes_value(spec))
        snprintf(value, sizeof(value), "%s", spec->metavar);
    width = snprintf(left, sizeof(left), "  --%s%s%s", spec->name, value[0] ? " " : "", value);
    format_default(spec, shown, sizeof(shown));
    snprintf(line, sizeof(line), "%s%s%s%s", spec->help, shown[0] ? " (default: " : "", shown,
             shown[0] ? ")" : "");
    fputs(left, stream);
    if (width + 2 > HELP_COLUMN)
        fprintf(stream, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(stream, "%*s", HELP_COLUMN - width, "");
    print_wrapped(line, HELP_COLUMN, stream);
}

static void print_help(const struct program *program, FILE *stream)
{
    fprintf(stream, "Usage: %s %s\n\n%s\n", program->name, program->usage, program->summary);
    for (size_t i = 0; i < program->num_options; i++)
        print_option(&program->options[i], stream);
    fprintf(stream, "\nGeneral:\n");
    fprintf(stream, "  %-*s%s\n", HELP_COLUMN - 2, "--help", "print this help and exit");
    fprintf(stream, "  %-*s%s\n", HELP_COLUMN - 2, "--version", "print the version and exit");
    if (program->epilogue)
        fprintf(stream, "\n%s\n", program->epilogue);
}

static bool take_choice(const struct option_spec *spec, const char *name, const char *text,
                        struct error *error)
{
    char choices[200];

    for (int i = 0; spec->choices[i]; i++) {
        if (strcmp(spec->choices[i], text) == 0) {
            *(int *)spec->value = i;
            return true;
        }
    }
    format_choices(spec, choices, sizeof(choices));
    return error_set(error, STATUS_USAGE,
                     ERROR_AT(.expected = choices, .found = TEXT("'%s'", text)), "%s", name);
}

static bool take_value(const struct option_spec *spec, const char *text, struct error *error)
{
    const char *name = TEXT("--%s", spec->name);
    bool is_bounded = spec->minimum != 0 || spec->maximum != 0;

    if (spec->given)
        *spec->given = true;
    switch (spec->type) {
    case OPTION_FLAG:
        *(bool *)spec->value = true;
        return true;
    case OPTION_TEXT:
        *(const char **)spec->value = text;
        return true;
    case OPTION_COUNT:
        return parse_count(name, text, (uint64_t)spec->minimum,
                           is_bounded ? (uint64_t)spec->maximum : UINT64_MAX, spec->value, error);
    case OPTION_REAL:
        return parse_real(name, text, spec->minimum, is_bounded ? spec->maximum : INFINITY,
                          spec->value, error);
    case OPTION_CHOICE:
        return take_choice(spec, name, text, error);
    case OPTION_HEADING:
        break;
    }
    return error_set(error, STATUS_INTERNAL, NULL, "option %s has no type", name);
}

/* argument is the last that getopt took, which for letters such as -xy is not yet theirs. */
static bool refuse_option(const char *argument, struct error *error)
{
    if (optopt >= CODE_HELP)
        return error_set(error, STATUS_USAGE, NULL, "option %.*s takes no value",
                         (int)strcspn(argument, "="), argument);
    if (optopt > 0)
        return error_set(error, STATUS_USAGE, NULL, "unknown option -%c", optopt);
    return error_set(error, STATUS_USAGE, NULL, "unknown option %s", argument);
}

bool options_parse(const struct program *program, int argc, char **argv, int *first_operand,
                   bool *done, struct error *error)
{
    struct option *table = calloc(program->num_options + 3, sizeof(*table));
    size_t num_entries = 0;
    bool ok = true;

    *done = false;
    if (!table)
        return error_set_memory(error, (program->num_options + 3) * sizeof(*table));
    for (size_t i = 0; i < program->num_options; i++) {
        const struct option_spec *spec = &program->options[i];

        if (spec->type != OPTION_HEADING)
            table[num_entries++] =
                (struct option){spec->name, takes_value(spec) ? required_argument : no_argument,
                                NULL, CODE_FIRST + (int)i};
    }
    table[num_entries++] = (struct option){"help", no_argument, NULL, CODE_HELP};
    table[num_entries++] = (struct option){"version", no_argument, NULL, CODE_VERSION};

    optind = 0; /* restarts GNU getopt, so that tests may parse more than once */
    opterr = 0;
    while (ok) {
        int code = getopt_long(argc, argv, ":", table, NULL);
        const char *argument = optind > 0 ? argv[optind - 1] : "";

        if (code == -1)
            break;
        if (code == CODE_HELP) {
            print_help(program, stdout);
            *done = true;
            break;
        }
        if (code == CODE_VERSION) {
            printf("%s (quern) %s\n", program->name, QUERN_VERSION);
            *done = true;
            break;
        }
        if (code == ':')
            ok = error_set(error, STATUS_USAGE, NULL, "option %s needs a value", argument);
        else if (code == '?')
            ok = refuse_option(argument, error);
        else
            ok = take_value(&program->options[code - CODE_FIRST], optarg, error);
    }
    *first_operand = optind;
    free(table);
    return ok;
}

int options_exit_status(const struct program *program, const struct error *error)
{
    int code = (int)error->status;

    if (!error_ok(error))
        error_print(error, program->name, stderr);
    if (code == STATUS_USAGE)
        fprintf(stderr, "Try '%s --help'.\n", program->name);
    /* Output that could not be written is a failure, even after all else went well. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && error_ok(error)) {
        fprintf(stderr, "%s: cannot write to standard output\n", program->name);
        code = STATUS_IO;
    }
    return code;
}
