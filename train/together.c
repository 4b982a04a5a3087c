/* What several ranks do together beyond sharing batches. */
#include <string.h>

#include "common/text.h"
#include "train/run.h"

/* What all must have alike, beside the configuration. */
struct likeness {
    struct settings config;
    char store_fingerprint[65];
    uint64_t options[7];
};

static void fill_likeness(const struct run *run, struct likeness *likeness)
{
    const struct train_options *options = run->options;

    memset(likeness, 0, sizeof(*likeness));
    likeness->config = run->checkpoint.config;
    memcpy(likeness->store_fingerprint, run->checkpoint.store_fingerprint,
           sizeof(likeness->store_fingerprint));
    likeness->options[0] = run->checkpoint.epochs;
    likeness->options[1] = options->checkpoint_every;
    likeness->options[2] = options->dry_run;
}

bool together_compare(struct run *run, struct error *error)
{
    struct likeness leaders, mine;
    char leaders_value[128], my_value[128];
    const char *name;

    if (run->ranks->count == 1)
        return true;
    fill_likeness(run, &mine);
    leaders = mine;
    ranks_broadcast(run->ranks, &leaders, sizeof(leaders));
    name = settings_first_difference(&leaders.config, &mine.config, leaders_value, my_value);
    if (name)
        error_set(error, STATUS_USAGE, ERROR_AT(.expected = leaders_value, .found = my_value),
                  "started with another configuration than rank 0, which differs in %s", name);
    else if (strcmp(leaders.store_fingerprint, mine.store_fingerprint) != 0)
        error_set(error, STATUS_DATA,
                  ERROR_AT(.file = run->options->store_path,
                           .expected = TEXT("fingerprint %s", leaders.store_fingerprint),
                           .found = mine.store_fingerprint),
                  "another store than that of rank 0");
    else if (memcmp(leaders.options, mine.options, sizeof(mine.options)) != 0)
        error_set(error, STATUS_USAGE, NULL,
                  "started with another --epochs, --checkpoint-every or --dry-run than rank 0");
    return ranks_agree(run->ranks, error);
}

void together_share_state(struct run *run, bool *is_finished)
{
    struct {
        uint64_t epoch, step, batch;
        double loss_sum;
        uint64_t is_finished;
    } state = {run->first_epoch, run->trainer.num_steps, run->trainer.batch, run->trainer.loss_sum,
               *is_finished};
    size_t nbytes = run->model.num_parameters * sizeof(float);

    if (run->ranks->count == 1)
        return;
    ranks_broadcast(run->ranks, &state, sizeof(state));
    ranks_broadcast(run->ranks, run->model.parameters, nbytes);
    if (run->trainer.velocity)
        ranks_broadcast(run->ranks, run->trainer.velocity, nbytes);
    run->checkpoint.epoch = run->first_epoch = state.epoch;
    run->trainer.num_steps = state.step;
    run->trainer.batch = state.batch;
    run->trainer.loss_sum = state.loss_sum;
    *is_finished = state.is_finished != 0;
}
