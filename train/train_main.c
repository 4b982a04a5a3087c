#include <stdlib.h>
#include <string.h>

#include "common/signals.h"
#include "train/train.h"

int main(int argc, char **argv)
{
    struct train_options options;
    struct program program = {.name = "quern-train"};
    struct error error = {0};
    /* For the log, as it was typed: parsing moves the operands to the end. */
    char **command = calloc((size_t)argc + 1, sizeof(*command));
    bool done = false;
    enum status status;

    signals_ignore_limits();
    signals_catch_stop();
    signals_catch_checkpoint();
    if (command)
        memcpy(command, argv, (size_t)argc * sizeof(*command));
    status = train_options_parse(&options, &program, argc, argv, &done, &error);
    if (status == STATUS_OK && !done)
        status = train_run(&options, program.name, command ? command : argv, &error);
    free(command);
    return options_exit_status(&program, status, &error);
}
