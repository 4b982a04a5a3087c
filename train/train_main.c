#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/options.h"
#include "common/signals.h"
#include "train/ranks/launcher.h"
#include "train/train.h"

static const char program_name[] = "quern-train";

/* Joins the other ranks, and settles what depends on them. */
static bool begin(struct ranks *ranks, struct train_options *options, const char *program,
                  struct error *error)
{
    size_t num_processors;

    if (!ranks_begin(ranks, program, error))
        return false;
    if (!options->has_threads && ranks->count > 1) {
        num_processors = ranks_num_processors(ranks);
        if (num_processors > 0)
            options->threads = num_processors;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct train_options options;
    struct error error = {0};
    struct launcher launcher = launcher_read();
    struct ranks ranks = {.count = 1};
    /* For the log, as it was typed: parsing moves the operands to the end. */
    char **command = calloc((size_t)argc + 1, sizeof(*command));
    bool done = false;
    int exit_status;
    bool ok;

    signals_ignore_limits();
    signals_catch_stop();
    signals_catch_checkpoint();
    if (command)
        memcpy(command, argv, (size_t)argc * sizeof(*command));
    if (launcher.rank > 0 && !freopen("/dev/null", "w", stdout))
        fclose(stdout);
    ok = train_options_parse(&options, argc, argv, &done, &error);
    if (ok && !done) {
        ok = begin(&ranks, &options, program_name, &error);
        if (ok)
            ok = train_run(&options, program_name, command ? command : argv, &ranks, &error);
    }
    free(command);
    /* One says it for all, and first: launchers end all as soon as one ends with an error. */
    if (launcher.rank == 0) {
        exit_status = options_exit_status(program_name, &error);
    } else {
        exit_status = (int)error.status;
        if (!ok && ranks.count == 1)
            nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    }
    ranks_end(&ranks); /* waits for the others, where they found each other */
    return exit_status;
}
