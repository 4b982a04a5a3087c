#include "common/signals.h"
#include "train/train.h"

int main(int argc, char **argv)
{
    struct train_options options;
    struct program program = {.name = "quern-train"};
    struct error error = {0};
    bool done = false;
    enum status status;

    signals_ignore_limits();
    signals_catch_stop();
    signals_catch_checkpoint();
    status = train_options_parse(&options, &program, argc, argv, &done, &error);
    if (status == STATUS_OK && !done)
        status = train_run(&options, program.name, argv, &error);
    return options_exit_status(&program, status, &error);
}
