/*
 * Asking a terminal what it can.
 */
#ifndef QUERN_VIEW_TERMINAL_TERMINAL_ASK_H
#define QUERN_VIEW_TERMINAL_TERMINAL_ASK_H

#include <stdbool.h>
#include <stddef.h>

struct terminal_answer {
    bool has_sixel;
    size_t cell_width, cell_height; /* 0: it did not say */
};

/*
 * Asks for the terminal's attributes (DA1) and the size of a cell.  Nothing happens unless standard
 * input and output are one terminal, this process is in front, and nobody has typed ahead.  The
 * terminal's modes are restored before signals reach the process.
 */
void terminal_ask(struct terminal_answer *answer);

/* What the bytes of an answer say; true once its end, that of DA1, is among them. */
bool terminal_ask_parse(const char *bytes, size_t nbytes, struct terminal_answer *answer);

#endif
