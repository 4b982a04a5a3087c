#include "common/options_help.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "common/text_width.h"

enum {
    HELP_COLUMN = 30, /* where what options do begins */
    HELP_WIDTH = 100, /* of a terminal that is wider, 80 of what is none */
    HELP_NARROW = 60, /* less than that, and what an option does stands below it */
    HELP_INDENT = 6,
};

/* The columns of what is printed to a stream. */
static int options_help_width(FILE *stream)
{
    size_t columns = text_width_of_terminal(fileno(stream));

    return columns == 0 ? 80 : columns < HELP_WIDTH ? (int)columns : HELP_WIDTH;
}

/* Words of text, from the column where the cursor is; further lines begin at indent. */
static void options_help_wrap(const char *text, size_t nbytes, int column, int indent, FILE *stream)
{
    int width = options_help_width(stream);
    bool is_first = true;

    for (const char *end = text + nbytes; text < end;) {
        size_t length = strcspn(text, " \n");

        if (length > (size_t)(end - text))
            length = (size_t)(end - text);
        if (is_first) {
            column += (int)length;
        } else if (column + 1 + (int)length < width) {
            fputc(' ', stream);
            column += 1 + (int)length;
        } else {
            fprintf(stream, "\n%*s", indent, "");
            column = indent + (int)length;
        }
        fprintf(stream, "%.*s", (int)length, text);
        is_first = false;
        text += length;
        text += text < end;
    }
    fputc('\n', stream);
}

/* Paragraphs are wrapped; lines that begin with a blank, such as examples, stay as they are. */
static void options_help_text(const char *text, FILE *stream)
{
    while (*text) {
        const char *end = text + strcspn(text, "\n");

        if (*text != ' ' && *text != '\n')
            while (*end && end[1] != ' ' && end[1] != '\n' && end[1] != '\0')
                end += 1 + strcspn(end + 1, "\n");
        if (*text == ' ' || *text == '\n')
            fprintf(stream, "%.*s\n", (int)(end - text), text);
        else
            options_help_wrap(text, (size_t)(end - text), 0, 0, stream);
        text = end + (*end == '\n');
    }
}

void options_help_choices(const struct option_spec *spec, char *buffer, size_t size)
{
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; spec->choices[i] && used < size; i++)
        used +=
            (size_t)snprintf(buffer + used, size - used, "%s%s", i ? "|" : "", spec->choices[i]);
}

static void options_help_default(const struct option_spec *spec, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (spec->shown_default) {
        text_format(buffer, size, "%s", spec->shown_default);
        return;
    }
    switch (spec->type) {
    case OPTION_TEXT:
        if (*(const char **)spec->value)
            text_format(buffer, size, "%s", *(const char **)spec->value);
        break;
    case OPTION_COUNT:
    case OPTION_NBYTES:
        text_format(buffer, size, "%" PRIu64, *(uint64_t *)spec->value);
        break;
    case OPTION_SIZE:
        text_format(buffer, size, "%" PRIu64 "x%" PRIu64, ((uint64_t *)spec->value)[0],
                    ((uint64_t *)spec->value)[1]);
        break;
    case OPTION_REAL:
        text_format(buffer, size, "%g", *(double *)spec->value);
        break;
    case OPTION_CHOICE:
        text_format(buffer, size, "%s", spec->choices[*(int *)spec->value]);
        break;
    case OPTION_HEADING:
    case OPTION_FLAG:
    case OPTION_NAMES:
        break;
    }
}

static void options_help_row(const struct option_spec *spec, FILE *stream)
{
    char left[160], value[120] = "", shown[256], line[1024];
    bool is_narrow = options_help_width(stream) < HELP_NARROW;
    int width, indent = is_narrow ? HELP_INDENT : HELP_COLUMN;

    if (spec->type == OPTION_HEADING) {
        fprintf(stream, "\n%s:\n", spec->help);
        return;
    }
    if (spec->type == OPTION_CHOICE)
        options_help_choices(spec, value, sizeof(value));
    else if (spec->type != OPTION_FLAG)
        text_format(value, sizeof(value), "%s", spec->metavar);
    width =
        snprintf(left, sizeof(left), "  %s--%s%s%s", strcmp(spec->name, "help") == 0 ? "-h, " : "",
                 spec->name, value[0] ? " " : "", value);
    options_help_default(spec, shown, sizeof(shown));
    text_format(line, sizeof(line), "%s%s%s%s", spec->help, shown[0] ? " (default: " : "", shown,
                shown[0] ? ")" : "");
    fputs(left, stream);
    if (is_narrow || width + 2 > indent)
        fprintf(stream, "\n%*s", indent, "");
    else
        fprintf(stream, "%*s", indent - width, "");
    options_help_wrap(line, strlen(line), indent, indent, stream);
}

void options_help_print(const struct program *program, const struct option_spec *general,
                        size_t num_general, FILE *stream)
{
    fprintf(stream, "Usage: %s %s\n\n", program->name, program->usage);
    options_help_text(program->summary, stream);
    for (size_t i = 0; i < program->num_options; i++)
        options_help_row(&program->options[i], stream);
    fprintf(stream, "\nGeneral:\n");
    for (size_t i = 0; i < num_general; i++)
        options_help_row(&general[i], stream);
    if (program->epilogue) {
        fputc('\n', stream);
        options_help_text(program->epilogue, stream);
    }
}
