/*
 * A stage that goes on as it is told, so that a test can look at the terminal between two steps.
 * Reads commands from the FIFO that is its argument, a word and a number or a text:
 *   update N     so many of 10,000 images are done, a second after the last update
 *   message TEXT
 *   result TEXT  to standard output
 *   end          of the stage
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/progress.h"

int main(int argc, char **argv)
{
    FILE *commands = argc == 2 ? fopen(argv[1], "r") : NULL;
    struct progress progress = progress_begin("stage", "decode", "images", 10000);
    char line[200];

    if (!commands)
        return 2;
    while (fgets(line, sizeof(line), commands)) {
        char *text = strchr(line, ' ');

        line[strcspn(line, "\n")] = '\0';
        text = text ? text + 1 : line;
        if (strncmp(line, "update ", 7) == 0) {
            progress.start_seconds -= 1;
            progress.last_seconds -= 1;
            progress_update(&progress, strtoull(text, NULL, 10));
        } else if (strncmp(line, "message ", 8) == 0) {
            progress_message("stage", "%s", text);
        } else if (strncmp(line, "result ", 7) == 0) {
            progress_wipe();
            puts(text);
        } else {
            progress_clear(&progress);
            break;
        }
    }
    fclose(commands);
    return 0;
}
