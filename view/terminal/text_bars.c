#include "view/terminal/text_bars.h"

#include <math.h>
#include <string.h>

#include "view/terminal/terminal_text.h"

enum { MAX_COLUMNS = 100, MIN_BAR = 4, MAX_NAME = 30, GAP = 2 };

struct text_bars_widths {
    size_t name, bar, text;
};

static struct text_bars_widths text_bars_measure(const struct terminal *terminal,
                                                 const struct text_bar *bars, size_t count)
{
    size_t columns = terminal->columns < MAX_COLUMNS ? terminal->columns : MAX_COLUMNS;
    size_t fixed, max_name = columns / 3 < MAX_NAME ? columns / 3 : MAX_NAME;
    struct text_bars_widths widths = {0};
    char name[TERMINAL_TEXT_SIZE(MAX_NAME)];

    for (size_t i = 0; i < count; i++) {
        size_t name_width = text_width(
            terminal_text_cut(name, sizeof(name), bars[i].name, max_name, terminal->is_utf8));
        size_t text = text_width(bars[i].text);

        widths.name = name_width > widths.name ? name_width : widths.name;
        widths.text = text > widths.text ? text : widths.text;
    }
    fixed = widths.name + widths.text + 2 * GAP;
    widths.bar = columns > fixed + MIN_BAR ? columns - fixed : MIN_BAR;
    return widths;
}

/* A bar of value / highest of columns. */
static void text_bars_draw(FILE *stream, const struct terminal *terminal, double part,
                           size_t columns)
{
    static const char *const eighths[] = {"",       "\u258f", "\u258e", "\u258d",
                                          "\u258c", "\u258b", "\u258a", "\u2589"};
    size_t units = terminal->is_utf8 ? 8 : 1, drawn;
    size_t length = (size_t)lround(fmin(fmax(part, 0.0), 1.0) * (double)(columns * units));

    /* What is there is seen. */
    length += length == 0 && part > 0.0;
    terminal_set_ink(terminal, stream, colour_series(0));
    for (drawn = 0; drawn < length / units; drawn++)
        fputs(terminal->is_utf8 ? "\u2588" : "#", stream);
    if (length % units > 0) {
        fputs(eighths[length % units], stream);
        drawn++;
    }
    terminal_set_plain(terminal, stream);
    fprintf(stream, "%*s", (int)(columns - drawn), "");
}

void text_bars_print(FILE *stream, const struct terminal *terminal, const struct text_bar *bars,
                     size_t count, double highest)
{
    struct text_bars_widths widths = text_bars_measure(terminal, bars, count);

    for (size_t i = 0; i < count && !(highest > 0); i++)
        for (size_t j = 0; j < count; j++)
            highest = fmax(highest, bars[j].value);
    for (size_t i = 0; i < count; i++) {
        char name[TERMINAL_TEXT_SIZE(MAX_NAME)];

        terminal_text_cut(name, sizeof(name), bars[i].name, widths.name, terminal->is_utf8);
        terminal_text_print(stream, name, widths.name, false);
        fprintf(stream, "%*s", GAP, "");
        text_bars_draw(stream, terminal, highest > 0 ? bars[i].value / highest : 0.0, widths.bar);
        fprintf(stream, "%*s", GAP, "");
        terminal_text_print(stream, bars[i].text, widths.text, true);
        fputc('\n', stream);
    }
}
