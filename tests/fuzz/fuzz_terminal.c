/*
 * What comes from outside to the terminal: its own answers, which may hold anything that is typed
 * meanwhile, and names and paths, cut to columns.
 */
#include <string.h>

#include "common/text.h"
#include "tests/fuzz/fuzz.h"
#include "view/terminal/terminal_ask.h"
#include "view/terminal/terminal_text.h"

enum { MAX_NBYTES = 512, MAX_COLUMNS = 100 };

static void demand_cut(const char *text, size_t columns, bool is_utf8)
{
    /* Marks without end may go on one letter: a buffer that is too small cuts the text, too. */
    char cut[TERMINAL_TEXT_SIZE(MAX_COLUMNS)];

    for (int is_left = 0; is_left < 2; is_left++) {
        if (is_left)
            terminal_text_cut_left(cut, TERMINAL_TEXT_SIZE(columns), text, columns, is_utf8);
        else
            terminal_text_cut(cut, TERMINAL_TEXT_SIZE(columns), text, columns, is_utf8);
        FUZZ_DEMAND(text_width(cut) <= columns);
        FUZZ_DEMAND(text_is_utf8(cut, strlen(cut)));
        for (const char *byte = cut; *byte; byte++)
            FUZZ_DEMAND((unsigned char)*byte >= 0x20 && *byte != 0x7f);
    }
}

/* All that is no blank is printed, and no line is wider than it may be. */
static void demand_wrap(const char *escaped, size_t columns)
{
    char *printed = NULL;
    size_t nbytes = 0, width = columns > 12 ? columns : 12;
    FILE *stream = open_memstream(&printed, &nbytes);
    const char *left = escaped;

    FUZZ_DEMAND(stream != NULL);
    terminal_text_wrap(stream, escaped, 10, 10, width);
    fclose(stream);
    for (const char *at = printed; *at; at++) {
        if (*at == ' ' || *at == '\n')
            continue;
        left += strspn(left, " ");
        FUZZ_DEMAND(*left == *at);
        left++;
    }
    FUZZ_DEMAND(left[strspn(left, " ")] == '\0');
    for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n"))
        FUZZ_DEMAND(text_width(line) <= width);
    free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    struct terminal_answer answer = {0};
    char text[MAX_NBYTES + 1] = "", escaped[4 * MAX_NBYTES + 1];
    size_t columns;

    terminal_ask_parse((const char *)bytes, nbytes, &answer);
    FUZZ_DEMAND(answer.cell_width <= 1000 && answer.cell_height <= 1000);
    if (nbytes < 2)
        return 0;
    columns = bytes[0] % (MAX_COLUMNS + 1);
    nbytes = nbytes - 2 < MAX_NBYTES ? nbytes - 2 : MAX_NBYTES;
    memcpy(text, bytes + 2, nbytes);
    demand_cut(text, columns, bytes[1] % 2 == 1);
    demand_wrap(text_escape(escaped, sizeof(escaped), text), columns);
    return 0;
}
