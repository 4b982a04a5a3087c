#include "view/terminal/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/text.h"
#include "view/terminal/terminal_ask.h"

const char *const terminal_colour_choices[] = {"auto", "never", "256", "24bit", NULL};
const char *const terminal_graphics_choices[] = {"auto", "text", "blocks", "sixel", "kitty", NULL};

enum {
    CHOICE_AUTO = 0,
    DEFAULT_COLUMNS = 80,
    DEFAULT_ROWS = 24,
    MIN_COLUMNS = 10,
    MAX_COLUMNS = 10000,
    DEFAULT_CELL_WIDTH = 8,
    DEFAULT_CELL_HEIGHT = 16,
};

/* ---- the environment ---- */

/* A variable's text; "" if it is not set. */
static const char *terminal_variable(const char *name)
{
    const char *text = getenv(name);

    return text ? text : "";
}

static bool terminal_variable_contains(const char *name, const char *part)
{
    return strcasestr(terminal_variable(name), part) != NULL;
}

static bool terminal_find_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (terminal_variable(names[i])[0])
            return terminal_variable_contains(names[i], "UTF-8") ||
                   terminal_variable_contains(names[i], "UTF8");
    return false;
}

/* The choice of an option, or of the variable that stands for it. */
static bool terminal_choose(int wished, const char *variable, const char *const *choices,
                            int *choice, struct error *error)
{
    const char *text = terminal_variable(variable);
    char all[128] = "";

    *choice = wished;
    if (wished != CHOICE_AUTO || !text[0])
        return true;
    for (int i = 0; choices[i]; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *choice = i;
            return true;
        }
        text_format(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "",
                    choices[i]);
    }
    return error_set(error, STATUS_USAGE,
                     ERROR_AT(.expected = all, .found = TEXT("'%.100s'", text)),
                     "the environment's %s", variable);
}

/* ---- size ---- */

static size_t terminal_count(const char *variable, size_t otherwise)
{
    uint64_t count;

    return text_to_count(terminal_variable(variable), &count) && count > 0 && count <= MAX_COLUMNS
               ? (size_t)count
               : otherwise;
}

static void terminal_find_size(struct terminal *terminal)
{
    struct winsize size = {0};

    terminal->columns = DEFAULT_COLUMNS;
    if (terminal->is_terminal) {
        terminal->rows = DEFAULT_ROWS;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
            terminal->columns = size.ws_col;
            terminal->rows = size.ws_row;
            terminal->cell_width = size.ws_xpixel / size.ws_col;
            terminal->cell_height = size.ws_ypixel / size.ws_row;
        }
        terminal->rows = terminal_count("LINES", terminal->rows);
    }
    terminal->columns = terminal_count("COLUMNS", terminal->columns);
    if (terminal->columns < MIN_COLUMNS)
        terminal->columns = MIN_COLUMNS;
}

/* ---- colours and pictures ---- */

static enum terminal_colours terminal_find_colours(const struct terminal *terminal)
{
    if (!terminal->is_terminal || terminal_variable("NO_COLOR")[0] ||
        strcmp(terminal_variable("TERM"), "dumb") == 0 || !terminal_variable("TERM")[0])
        return TERMINAL_COLOURS_NONE;
    if (terminal_variable_contains("COLORTERM", "truecolor") ||
        terminal_variable_contains("COLORTERM", "24bit") ||
        terminal_variable_contains("TERM", "direct") ||
        terminal_variable_contains("TERM", "kitty") ||
        terminal_variable_contains("TERM", "ghostty"))
        return TERMINAL_COLOURS_24BIT;
    return TERMINAL_COLOURS_256;
}

/* Terminals with kitty's protocol say who they are; within a multiplexer they are not what draws.
 */
static bool terminal_is_kitty(void)
{
    return !terminal_variable("TMUX")[0] && !terminal_variable("STY")[0] &&
           (terminal_variable("KITTY_WINDOW_ID")[0] ||
            terminal_variable_contains("TERM", "kitty") ||
            terminal_variable_contains("TERM", "ghostty") ||
            terminal_variable_contains("TERM_PROGRAM", "ghostty") ||
            terminal_variable_contains("TERM_PROGRAM", "WezTerm"));
}

static enum terminal_graphics terminal_find_graphics(struct terminal *terminal, bool may_ask)
{
    struct terminal_answer answer = {0};

    if (terminal->colours == TERMINAL_COLOURS_NONE)
        return TERMINAL_GRAPHICS_TEXT;
    if (terminal->is_terminal && terminal_is_kitty())
        return TERMINAL_GRAPHICS_KITTY;
    if (terminal->is_terminal && may_ask) {
        terminal_ask(&answer);
        if (answer.cell_width > 0 && answer.cell_height > 0) {
            terminal->cell_width = answer.cell_width;
            terminal->cell_height = answer.cell_height;
        }
        if (answer.has_sixel)
            return TERMINAL_GRAPHICS_SIXEL;
    }
    return TERMINAL_GRAPHICS_BLOCKS;
}

/* All but the pictures. */
static void terminal_find_plain(struct terminal *terminal, int colour)
{
    *terminal = (struct terminal){.is_terminal = isatty(STDOUT_FILENO) != 0,
                                  .is_utf8 = terminal_find_utf8(),
                                  .graphics = TERMINAL_GRAPHICS_TEXT};
    terminal_find_size(terminal);
    terminal->colours = colour == CHOICE_AUTO ? terminal_find_colours(terminal)
                                              : (enum terminal_colours)(colour - 1);
}

void terminal_find_text(struct terminal *terminal)
{
    struct error ignored = {0};
    int colour;

    if (!terminal_choose(CHOICE_AUTO, "QUERN_COLOUR", terminal_colour_choices, &colour, &ignored))
        colour = CHOICE_AUTO;
    terminal_find_plain(terminal, colour);
}

bool terminal_find(struct terminal *terminal, const struct terminal_wish *wish, struct error *error)
{
    int colour, graphics;

    if (!terminal_choose(wish->colour, "QUERN_COLOUR", terminal_colour_choices, &colour, error) ||
        !terminal_choose(wish->graphics, "QUERN_GRAPHICS", terminal_graphics_choices, &graphics,
                         error))
        return false;
    terminal_find_plain(terminal, colour);
    terminal->graphics = graphics == CHOICE_AUTO ? terminal_find_graphics(terminal, wish->may_ask)
                                                 : (enum terminal_graphics)(graphics - 1);
    /* Blocks are told apart by colours alone. */
    if (terminal->graphics == TERMINAL_GRAPHICS_BLOCKS &&
        terminal->colours == TERMINAL_COLOURS_NONE)
        terminal->graphics = TERMINAL_GRAPHICS_TEXT;
    if (terminal->cell_width == 0 || terminal->cell_height == 0) {
        terminal->cell_width = DEFAULT_CELL_WIDTH;
        terminal->cell_height = DEFAULT_CELL_HEIGHT;
    }
    return true;
}

/* ---- colours of text ---- */

/* what: 38 the letters, 48 what is behind them. */
static void terminal_set_colour(const struct terminal *terminal, FILE *stream, int what,
                                struct colour colour)
{
    if (terminal->colours == TERMINAL_COLOURS_24BIT)
        fprintf(stream, "\033[%d;2;%d;%d;%dm", what, colour.red, colour.green, colour.blue);
    else if (terminal->colours == TERMINAL_COLOURS_256)
        fprintf(stream, "\033[%d;5;%um", what, colour_to_256(colour));
}

void terminal_set_ink(const struct terminal *terminal, FILE *stream, struct colour colour)
{
    terminal_set_colour(terminal, stream, 38, colour);
}

void terminal_set_ground(const struct terminal *terminal, FILE *stream, struct colour colour)
{
    terminal_set_colour(terminal, stream, 48, colour);
}

void terminal_set_faint(const struct terminal *terminal, FILE *stream)
{
    if (terminal->colours != TERMINAL_COLOURS_NONE)
        fputs("\033[2m", stream);
}

void terminal_set_bold(const struct terminal *terminal, FILE *stream)
{
    if (terminal->colours != TERMINAL_COLOURS_NONE)
        fputs("\033[1m", stream);
}

void terminal_set_plain(const struct terminal *terminal, FILE *stream)
{
    if (terminal->colours != TERMINAL_COLOURS_NONE)
        fputs("\033[0m", stream);
}
