/*
 * What the terminal at standard output can: its size, colours, pictures, letters.
 *
 * The environment decides what can be decided there (NO_COLOR, TERM, COLORTERM, COLUMNS, the
 * locale's LC_ALL, LC_CTYPE, LANG, and what terminals say of themselves); what is not on a terminal
 * gets plain text.  The program's options come first, then QUERN_COLOUR and QUERN_GRAPHICS, which
 * take the words of the options, then all else.
 */
#ifndef QUERN_VIEW_TERMINAL_TERMINAL_H
#define QUERN_VIEW_TERMINAL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"
#include "view/colours.h"

enum terminal_colours {
    TERMINAL_COLOURS_NONE,
    TERMINAL_COLOURS_256,
    TERMINAL_COLOURS_24BIT,
};

enum terminal_graphics {
    TERMINAL_GRAPHICS_TEXT,   /* a letter for a pixel, by its lightness */
    TERMINAL_GRAPHICS_BLOCKS, /* coloured cells: two pixels in one where letters are UTF-8 */
    TERMINAL_GRAPHICS_SIXEL,
    TERMINAL_GRAPHICS_KITTY,
};

struct terminal {
    bool is_terminal; /* standard output is one; else a file or a pipe */
    bool is_utf8;     /* letters beyond ASCII may be printed */
    size_t columns;   /* 80 where nothing says otherwise */
    size_t rows;      /* 0: as many as one likes, of what is no terminal */
    enum terminal_colours colours;
    enum terminal_graphics graphics;
    size_t cell_width, cell_height; /* in pixels; of graphics sixel and kitty */
};

/* What the options --colour and --graphics take, NULL at the end; the value is the index. */
extern const char *const terminal_colour_choices[];   /* auto, never, 256, 24bit */
extern const char *const terminal_graphics_choices[]; /* auto, text, blocks, sixel, kitty */

struct terminal_wish {
    int colour, graphics; /* indices of the choices; 0: auto */
    /*
     * Pictures will be drawn: where the environment does not say whether the terminal takes sixels,
     * it may be asked, if standard input and output are a terminal that this process is in front
     * of.  Its answer is awaited for half a second.
     */
    bool may_ask;
};

/* STATUS_USAGE for a variable of the environment that has none of the choices. */
bool terminal_find(struct terminal *terminal, const struct terminal_wish *wish,
                   struct error *error);

/*
 * The same for a program that prints tables alone, which has no such options: what the environment
 * says of pictures is not looked at, and a word that it does not know of colours is passed over.
 */
void terminal_find_text(struct terminal *terminal);

/* ---- colours of text: nothing is written to a terminal without ---- */

void terminal_set_ink(const struct terminal *terminal, FILE *stream, struct colour colour);
void terminal_set_ground(const struct terminal *terminal, FILE *stream, struct colour colour);
/* Fainter, bolder than other text. */
void terminal_set_faint(const struct terminal *terminal, FILE *stream);
void terminal_set_bold(const struct terminal *terminal, FILE *stream);
/* Back to plain text. */
void terminal_set_plain(const struct terminal *terminal, FILE *stream);

#endif
