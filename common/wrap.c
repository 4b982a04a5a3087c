#include "common/wrap.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/text_width.h"

/* A word to the next blank; of a command, one that is in no quotes: text_print_argument quotes by
 * apostrophes, and puts a backslash before one. */
static size_t wrap_find_end(const char *word, bool is_command)
{
    bool is_quoted = false;
    size_t length;

    for (length = 0; word[length] && (is_quoted || word[length] != ' '); length++) {
        if (!is_command)
            continue;
        if (word[length] == '\'')
            is_quoted = !is_quoted;
        else if (word[length] == '\\' && !is_quoted && word[length + 1])
            length++;
    }
    return length;
}

static size_t wrap_count_columns(const char *text, size_t nbytes)
{
    size_t columns = 0;

    /* In pieces, because text_width takes whole texts. */
    while (nbytes > 0) {
        char piece[256];
        size_t length = nbytes < sizeof(piece) ? nbytes : sizeof(piece) - 1;

        while (length > 1 && length < nbytes && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
        text_format(piece, sizeof(piece), "%.*s", (int)length, text);
        columns += text_width(piece);
        text += length;
        nbytes -= length;
    }
    return columns;
}

static void wrap_print_words(FILE *stream, const char *line, size_t indent, size_t columns,
                             bool is_command)
{
    const char *end = is_command ? " \\" : "";
    size_t column = 0, limit;
    bool is_first = true;

    /* The last column stays free: some terminals go to the next line when it is filled. */
    limit = columns > strlen(end) + 1 ? columns - 1 - strlen(end) : 0;
    indent = indent < columns / 2 ? indent : 0;
    while (columns > 0 && *line) {
        size_t blanks = strspn(line, " ");
        size_t length = wrap_find_end(line + blanks, is_command);
        size_t width = wrap_count_columns(line + blanks, length);

        if (!is_first && column + blanks + width > limit) {
            fprintf(stream, "%s\n%*s", end, (int)indent, "");
            column = indent;
        } else {
            fprintf(stream, "%*s", (int)blanks, "");
            column += blanks;
        }
        fprintf(stream, "%.*s", (int)length, line + blanks);
        column += width;
        is_first = false;
        line += blanks + length;
    }
    fprintf(stream, "%s\n", line);
}

void wrap_print_columns(FILE *stream, const char *line, size_t indent, size_t columns)
{
    wrap_print_words(stream, line, indent, columns, false);
}

void wrap_print_command_columns(FILE *stream, const char *line, size_t indent, size_t columns)
{
    wrap_print_words(stream, line, indent, columns, true);
}

void wrap_print(FILE *stream, const char *line, size_t indent)
{
    wrap_print_columns(stream, line, indent, text_width_of_terminal(fileno(stream)));
}

void wrap_format(FILE *stream, size_t indent, const char *format, ...)
{
    va_list arguments, again;
    char *line = NULL;

    va_start(arguments, format);
    va_copy(again, arguments);
    if (vasprintf(&line, format, arguments) >= 0) {
        wrap_print(stream, line, indent);
        free(line);
    } else {
        vfprintf(stream, format, again);
        fputc('\n', stream);
    }
    va_end(again);
    va_end(arguments);
}

void wrap_print_command(FILE *stream, const char *line, size_t indent)
{
    wrap_print_command_columns(stream, line, indent, text_width_of_terminal(fileno(stream)));
}
