#include "view/terminal/text_table.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "view/terminal/terminal_text.h"

enum { GAP = 2, MIN_TEXT = 8, MAX_CELL_COLUMNS = 200 };

bool text_table_add(struct text_table *table, const char *const *cells, struct error *error)
{
    bool ok = true;

    for (size_t c = 0; c < table->num_columns && ok; c++)
        ok = text_list_add(&table->cells, cells[c] ? cells[c] : "", error);
    return ok;
}

void text_table_free(struct text_table *table)
{
    text_list_free(&table->cells);
    *table = (struct text_table){0};
}

static const char *text_table_cut(char *buffer, size_t size, const char *text, size_t columns,
                                  enum text_table_align align, bool is_utf8)
{
    return align == TEXT_TABLE_PATH ? terminal_text_cut_left(buffer, size, text, columns, is_utf8)
                                    : terminal_text_cut(buffer, size, text, columns, is_utf8);
}

/* Columns of the widest cell of a column, or of its title. */
static size_t text_table_natural_width(const struct text_table *table, size_t column, bool is_utf8)
{
    char text[TERMINAL_TEXT_SIZE(MAX_CELL_COLUMNS)];
    size_t width = text_width(table->columns[column].title);

    for (size_t i = column; i < table->cells.count; i += table->num_columns) {
        size_t cell = text_width(terminal_text_cut(text, sizeof(text), table->cells.items[i],
                                                   MAX_CELL_COLUMNS, is_utf8));

        width = cell > width ? cell : width;
    }
    return width;
}

/* Takes columns from the widest texts until all fit into available; false where they do not even
 * so. */
static bool text_table_narrow(const struct text_table *table, size_t *widths, size_t available)
{
    for (;;) {
        size_t total = 0, widest = table->num_columns;

        for (size_t c = 0; c < table->num_columns; c++) {
            total += widths[c] + (c ? GAP : 0);
            if (table->columns[c].align != TEXT_TABLE_RIGHT && widths[c] > MIN_TEXT &&
                widths[c] > text_width(table->columns[c].title) &&
                (widest == table->num_columns || widths[c] > widths[widest]))
                widest = c;
        }
        if (total <= available || widest == table->num_columns)
            return total <= available;
        widths[widest]--;
    }
}

/* A table that goes on below has its texts whole, as far as the first leaves half of the width to
 * what stands beside it. */
static void text_table_widen(const struct text_table *table, size_t *widths, size_t available,
                             bool is_utf8)
{
    size_t half = available / 2 > MIN_TEXT ? available / 2 : MIN_TEXT;

    for (size_t c = 0; c < table->num_columns; c++) {
        size_t width = text_table_natural_width(table, c, is_utf8);
        size_t most = c == 0 ? half : available > widths[0] + GAP ? available - widths[0] - GAP : 0;

        if (table->columns[c].align != TEXT_TABLE_RIGHT)
            widths[c] = width < most ? width : most > MIN_TEXT ? most : MIN_TEXT;
    }
}

static void text_table_print_cell(FILE *stream, const struct terminal *terminal,
                                  const struct text_table *table, size_t column, const char *cell,
                                  size_t width, bool is_last)
{
    enum text_table_align align = table->columns[column].align;
    char text[TERMINAL_TEXT_SIZE(MAX_CELL_COLUMNS)];

    text_table_cut(text, sizeof(text), cell, width, align, terminal->is_utf8);
    terminal_text_print(stream, text, is_last && align != TEXT_TABLE_RIGHT ? 0 : width,
                        align == TEXT_TABLE_RIGHT);
}

/* A line of the first column and those from first on that are before end; row -1 is the titles. */
static void text_table_print_line(FILE *stream, const struct terminal *terminal,
                                  const struct text_table *table, const size_t *widths,
                                  size_t first, size_t end, const char *const *cells)
{
    if (!cells)
        terminal_set_bold(terminal, stream);
    /* No line ends in blanks. */
    while (cells && end > (first == 0 ? 1 : first) && cells[end - 1][0] == '\0')
        end--;
    for (size_t c = first == 0 ? 0 : first - 1; c < end; c++) {
        size_t column = first > 0 && c == first - 1 ? 0 : c;

        if (c != (first == 0 ? 0 : first - 1))
            fprintf(stream, "%*s", GAP, "");
        text_table_print_cell(stream, terminal, table, column,
                              cells ? cells[column] : table->columns[column].title, widths[column],
                              c + 1 == end);
    }
    if (!cells)
        terminal_set_plain(terminal, stream);
    fputc('\n', stream);
}

bool text_table_print(FILE *stream, const struct terminal *terminal, const struct text_table *table,
                      struct error *error)
{
    size_t *widths = NULL, first = 0;

    if (!memory_allocate(&widths, table->num_columns, sizeof(*widths), error))
        return false;
    for (size_t c = 0; c < table->num_columns; c++)
        widths[c] = text_table_natural_width(table, c, terminal->is_utf8);
    if (!text_table_narrow(table, widths, terminal->columns))
        text_table_widen(table, widths, terminal->columns, terminal->is_utf8);
    while (first < table->num_columns) {
        size_t end = first + 1, used = first > 0 ? widths[0] + GAP + widths[first] : widths[0];

        while (end < table->num_columns && used + GAP + widths[end] <= terminal->columns)
            used += GAP + widths[end++];
        if (first > 0)
            fputc('\n', stream);
        text_table_print_line(stream, terminal, table, widths, first, end, NULL);
        for (size_t i = 0; i < table->cells.count; i += table->num_columns)
            text_table_print_line(stream, terminal, table, widths, first, end,
                                  (const char *const *)table->cells.items + i);
        first = end;
    }
    free(widths);
    return true;
}
