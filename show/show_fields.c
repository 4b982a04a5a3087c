#include "show/show_fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "view/terminal/terminal_text.h"

enum { NAME_COLUMNS = 14 };

/* The bytes of text that go on a line of columns: up to a blank, if there is one to break at. */
static size_t show_fields_break(const char *text, size_t columns)
{
    size_t length = 0, last_blank = 0;

    for (size_t used = 0; text[length]; used++) {
        if (text[length] == ' ')
            last_blank = length;
        if (used >= columns && last_blank > 0)
            return last_blank;
        length += text_utf8_length(text + length);
    }
    return length;
}

void show_print_field(FILE *stream, const struct terminal *terminal, const char *name,
                      const char *text)
{
    size_t indent = 2 + NAME_COLUMNS + 1, nbytes = 4 * strlen(text) + 1;
    size_t columns = terminal->columns > indent + 8 ? terminal->columns - indent : 8;
    char *escaped = malloc(nbytes);
    const char *rest = escaped ? text_escape(escaped, nbytes, text) : "";

    terminal_set_faint(terminal, stream);
    fprintf(stream, "  %-*s", NAME_COLUMNS, name);
    terminal_set_plain(terminal, stream);
    fputc(' ', stream);
    for (;;) {
        size_t length = show_fields_break(rest, columns);

        fprintf(stream, "%.*s\n", (int)length, rest);
        rest += length;
        rest += strspn(rest, " ");
        if (!*rest)
            break;
        fprintf(stream, "%*s", (int)indent, "");
    }
    free(escaped);
}

void show_print_heading(FILE *stream, const struct terminal *terminal, const char *text)
{
    fputc('\n', stream);
    terminal_set_bold(terminal, stream);
    terminal_text_wrap(stream, text, 0, 0, terminal->columns);
    terminal_set_plain(terminal, stream);
}

const char *show_format_interval(const struct interval *interval, char text[48])
{
    if (isnan(interval->low))
        return text_format(text, 48, "%s", "");
    return text_format(text, 48, "%.4f%s%.4f", interval->low, interval->low < 0 ? " to " : "-",
                       interval->high);
}
