#include "common/machine.h"
#include "common/options.h"
#include "common/progress.h"
#include "common/signals.h"
#include "evaluate/evaluate_options.h"
#include "evaluate/evaluate_runs.h"
#include "evaluate/results.h"

static const char program_name[] = "quern-evaluate";

static bool evaluate_run_comparison(const struct evaluate_options *options, struct error *error)
{
    struct evaluation_pair pair;
    bool ok = evaluation_pair_compare(options->evaluations[0], options->evaluations[1],
                                      options->memory_limit ? options->memory_limit
                                                            : machine_memory_nbytes() / 4 * 3,
                                      &pair, error);

    for (int i = 0; i < 2 && ok; i++)
        if (!pair.contents[i].is_sealed)
            progress_message(program_name, "note: %s has no seal: another program has rewritten it",
                             options->evaluations[i]);
    if (ok && options->json)
        results_compare_json(stdout, &pair);
    else if (ok)
        ok = results_compare_text(stdout, &pair, error);
    evaluation_pair_destroy(&pair);
    return ok;
}

int main(int argc, char **argv)
{
    struct evaluate_options options;
    struct error error = {0};
    bool done = false;
    bool ok;

    signals_ignore_limits();
    ok = evaluate_options_parse(argc, argv, &options, &done, &error);
    if (ok && !done && options.is_comparison)
        evaluate_run_comparison(&options, &error);
    else if (ok && !done)
        evaluate_runs(&options, program_name, &error);
    return options_exit_status(program_name, &error);
}
