#include "view/terminal/terminal_text.h"

#include <string.h>

#include "common/text.h"

/* The ellipsis, or as much of it as columns have room for. */
static const char *terminal_text_ellipsis(size_t columns, bool is_utf8)
{
    if (columns == 0)
        return "";
    return is_utf8 ? "\xe2\x80\xa6" : columns >= 6 ? "..." : columns >= 3 ? ".." : ".";
}

/* The longest beginning of text within columns and nbytes: its bytes. */
static size_t terminal_text_prefix(const char *text, size_t columns, size_t nbytes)
{
    size_t used = text_width_fit(text, columns), length;

    if (used <= nbytes)
        return used;
    for (used = 0; used + (length = text_utf8_length(text + used)) <= nbytes && length > 0;)
        used += length;
    return used;
}

enum { MAX_ESCAPED = 4096 };

const char *terminal_text_cut(char *buffer, size_t size, const char *text, size_t columns,
                              bool is_utf8)
{
    char escaped[MAX_ESCAPED];
    const char *ellipsis;
    size_t nbytes;

    text_escape(escaped, sizeof(escaped), text);
    if (text_width(escaped) <= columns && strlen(escaped) < size)
        return text_format(buffer, size, "%s", escaped);
    ellipsis = terminal_text_ellipsis(columns, is_utf8);
    nbytes = terminal_text_prefix(escaped, columns - text_width(ellipsis), size - 4);
    return text_format(buffer, size, "%.*s%s", (int)nbytes, escaped, ellipsis);
}

const char *terminal_text_cut_left(char *buffer, size_t size, const char *text, size_t columns,
                                   bool is_utf8)
{
    char escaped[MAX_ESCAPED];
    const char *ellipsis, *rest = escaped;

    text_escape(escaped, sizeof(escaped), text);
    if (text_width(escaped) <= columns && strlen(escaped) < size)
        return text_format(buffer, size, "%s", escaped);
    ellipsis = terminal_text_ellipsis(columns, is_utf8);
    while (*rest && (text_width(rest) + text_width(ellipsis) > columns || strlen(rest) + 4 >= size))
        rest += text_utf8_length(rest); /* escaped text is UTF-8 throughout */
    return text_format(buffer, size, "%s%s", ellipsis, rest);
}

void terminal_text_print(FILE *stream, const char *text, size_t columns, bool is_right)
{
    size_t width = text_width(text);
    int blanks = width < columns ? (int)(columns - width) : 0;

    if (is_right)
        fprintf(stream, "%*s%s", blanks, "", text);
    else
        fprintf(stream, "%s%*s", text, blanks, "");
}

/* Goes to the next line. */
static size_t terminal_text_break(FILE *stream, size_t indent)
{
    fprintf(stream, "\n%*s", (int)indent, "");
    return indent;
}

void terminal_text_wrap(FILE *stream, const char *text, size_t column, size_t indent, size_t width)
{
    bool is_first = true;

    /* A line has room for a letter at least. */
    width = width > indent + 2 ? width : indent + 2;
    while (*text) {
        size_t nbytes = strcspn(text, " "), columns;
        char word[MAX_ESCAPED];

        nbytes = nbytes < sizeof(word) ? nbytes : sizeof(word) - 1;
        columns = text_width(text_format(word, sizeof(word), "%.*s", (int)nbytes, text));
        if (column > indent && column + !is_first + columns > width) {
            column = terminal_text_break(stream, indent);
        } else if (!is_first && column > indent) {
            fputc(' ', stream);
            column++;
        }
        if (column + columns > width) {
            nbytes = text_width_fit(word, width - column);
            text_format(word, sizeof(word), "%.*s", (int)nbytes, text);
            columns = width - column;
        }
        fputs(word, stream);
        column += columns;
        text += nbytes;
        text += strspn(text, " ");
        is_first = false;
    }
    fputc('\n', stream);
}
