#include "evaluate/table.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/text.h"

enum { TABLE_MAX_COLUMNS = 16, TABLE_GAP = 2 };

int table_width(FILE *stream)
{
    struct winsize size;
    int descriptor = fileno(stream);

    if (isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return TABLE_USUAL_WIDTH;
}

/* ---- cells ---- */

int table_count_columns(const char *text)
{
    int columns = 0;

    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

const char *table_format_name(char cell[TABLE_CELL_SIZE], const char *name, int max_columns)
{
    char *end = cell;

    text_escape(cell, TABLE_CELL_SIZE, name);
    if (table_count_columns(cell) <= max_columns)
        return cell;
    for (int columns = 0; columns < max_columns - 2; columns++) {
        end++;
        while (((unsigned char)*end & 0xc0) == 0x80)
            end++;
    }
    memcpy(end, "..", 3);
    return cell;
}

const char *table_format_count(char cell[TABLE_CELL_SIZE], uint64_t count)
{
    return text_group_digits(cell, TABLE_CELL_SIZE, count);
}

const char *table_format_real(char cell[TABLE_CELL_SIZE], double value, int num_decimals)
{
    return isfinite(value)
               ? text_format(cell, TABLE_CELL_SIZE, "%.*f", num_decimals, value)
               : text_format(cell, TABLE_CELL_SIZE, "%s", isnan(value) ? "-" : "infinite");
}

const char *table_format_interval(char cell[TABLE_CELL_SIZE], struct interval interval,
                                  int num_decimals)
{
    if (isnan(interval.low))
        return "";
    return text_format(cell, TABLE_CELL_SIZE, "%.*f%s%.*f", num_decimals, interval.low,
                       interval.low < 0 ? " to " : "-", num_decimals, interval.high);
}

void table_print_cell(FILE *stream, int width, const char *text)
{
    int padding = (width < 0 ? -width : width) - table_count_columns(text);

    if (width > 0 && padding > 0)
        fprintf(stream, "%*s", padding, "");
    fputs(text, stream);
    if (width < 0 && padding > 0)
        fprintf(stream, "%*s", padding, "");
}

/* ---- tables ---- */

/* The widest of each column, its title too. */
static void table_measure(const struct table *table, int *widths)
{
    char cell[TABLE_CELL_SIZE];

    for (size_t i = 0; i < table->num_columns; i++) {
        widths[i] = table_count_columns(table->columns[i].title);
        for (size_t row = 0; row < table->num_rows; row++) {
            int columns = table_count_columns(table->columns[i].format(table->context, row, cell));

            widths[i] = columns > widths[i] ? columns : widths[i];
        }
    }
}

/* Leaves out columns until the rest fits: their widths become 0.  Returns whether there are some.
 */
static bool table_leave_out(const struct table *table, int width, int *widths)
{
    bool has_left_out = false;

    while (true) {
        int total = -TABLE_GAP, most = 0;
        size_t victim = 0;

        for (size_t i = 0; i < table->num_columns; i++) {
            if (widths[i] == 0)
                continue;
            total += widths[i] + TABLE_GAP;
            if (table->columns[i].dispensable > most) {
                most = table->columns[i].dispensable;
                victim = i;
            }
        }
        if (total <= width || most == 0)
            return has_left_out;
        widths[victim] = 0;
        has_left_out = true;
    }
}

static void table_print_row(FILE *stream, const struct table *table, const int *widths,
                            const size_t *row, struct table_notes *notes)
{
    char cell[TABLE_CELL_SIZE];
    int pending = 0; /* blanks are printed before a text only: no line ends in them */

    for (size_t i = 0; i < table->num_columns; i++) {
        const struct table_column *column = &table->columns[i];
        const char *text;
        int padding;

        if (widths[i] == 0)
            continue;
        text = row ? column->format(table->context, *row, cell) : column->title;
        padding = widths[i] - table_count_columns(text);
        notes->has_undefined |= strcmp(text, "-") == 0;
        if (i > 0)
            pending += padding;
        if (*text) {
            fprintf(stream, "%*s%s", pending, "", text);
            pending = 0;
        } else if (i > 0) {
            pending += 0;
        }
        if (i == 0)
            pending += padding;
        pending += TABLE_GAP;
    }
    fputc('\n', stream);
}

void table_print(FILE *stream, const struct table *table, int width, struct table_notes *notes)
{
    int widths[TABLE_MAX_COLUMNS];

    table_measure(table, widths);
    notes->has_left_out |= table_leave_out(table, width, widths);
    table_print_row(stream, table, widths, NULL, notes);
    for (size_t row = 0; row < table->num_rows; row++) {
        if (row > 0 && row == table->num_rows - table->num_footers)
            fputc('\n', stream);
        table_print_row(stream, table, widths, &row, notes);
    }
}
