#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/options.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "train/train.h"

static const char program_name[] = "quern-train";

/* Of several ranks that were not told how many threads to work with, those that may run on the same
 * processors share them, and the ranks of a node share the quota of its control group. */
static void share_threads(struct ranks *ranks, struct train_options *options)
{
    size_t num_processors = ranks_num_processors(ranks);
    bool has_quota = options->threads < (uint64_t)omp_get_num_procs();
    size_t share = has_quota ? options->threads / ranks->node_count : num_processors;
    char rule[sizeof(options->threads_rule)];

    if (num_processors == 0)
        return; /* the system does not say */
    if (share > num_processors)
        share = num_processors;
    if (share == 0)
        share = 1;
    if (share == options->threads)
        return;
    options->threads = share;
    text_format(rule, sizeof(rule), "%s, shared by ranks", options->threads_rule);
    memcpy(options->threads_rule, rule, sizeof(rule));
}

/* Joins the other ranks, and settles what depends on them. */
static bool begin(struct ranks *ranks, struct train_options *options, struct error *error)
{
    if (!ranks_begin(ranks, program_name, error))
        return false;
    if (!options->has_threads && ranks->count > 1)
        share_threads(ranks, options);
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
    progress_set_quiet(launcher.rank > 0);
    ok = train_options_parse(&options, argc, argv, &done, &error);
    if (ok && !done) {
        ok = begin(&ranks, &options, &error) &&
             train_run(&options, program_name, command ? command : argv, &ranks, &error);
    }
    free(command);
    /* Rank 0 reports the error for all, and before any other ends: launchers end all ranks as soon
     * as one ends with an error. */
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
