#include "train/range_test.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "common/progress.h"
#include "common/signals.h"

/* A step's learning rate is RATIO times the last one's: NUM_STEPS lead from FIRST to 13. */
static const double RANGE_FIRST = 1e-6, RANGE_RATIO = 1.18;

enum { NUM_STEPS = 100, SKIPPED_STEPS = 5, CHART_WIDTH = 48 };

struct range_test {
    size_t num_steps;
    double learning_rates[NUM_STEPS];
    double losses[NUM_STEPS]; /* of a step's batches, smoothed */
};

struct schedule range_test_schedule(double momentum)
{
    return (struct schedule){.kind = SCHEDULE_STEP,
                             .learning_rate = RANGE_FIRST,
                             .momentum = momentum,
                             .step_steps = 1,
                             .gamma = RANGE_RATIO};
}

/* Every step is to be looked at. */
static struct rank_request range_test_request(void *context, uint64_t num_samples_done)
{
    (void)context;
    (void)num_samples_done;
    return (struct rank_request){.save = 1};
}

/* Makes one step; *mean is the mean loss of its samples. */
static bool range_test_step(struct run *run, uint64_t *epoch, double *mean, struct error *error)
{
    struct checkpoint *checkpoint = &run->checkpoint;
    uint64_t batch = checkpoint->batch, num_rows = run->train.dataset.num_rows;
    uint64_t size = run->options->batch_size, end;
    double before = checkpoint->loss_sum;
    bool is_complete;

    if (!trainer_run_epoch(&run->trainer, *epoch, range_test_request, NULL, &is_complete, error))
        return false;
    end = checkpoint->batch * size < num_rows ? checkpoint->batch * size : num_rows;
    *mean = (checkpoint->loss_sum - before) / (double)(end - batch * size);
    if (is_complete) {
        trainer_end_epoch(&run->trainer);
        ++*epoch;
    }
    return true;
}

static bool range_test_measure(struct run *run, struct range_test *test, struct error *error)
{
    double smoothed = 0.0, smallest = INFINITY, weight = 0.0;
    uint64_t epoch = 1;
    struct progress progress = progress_begin(run->program, "find-lr", "steps", NUM_STEPS);

    while (test->num_steps < NUM_STEPS) {
        size_t step = test->num_steps;
        double loss;

        if (!range_test_step(run, &epoch, &loss, error))
            return false;
        if (ranks_max(run->ranks, (uint64_t)signals_stop_requested()) > 0)
            return error_set(error, STATUS_STOPPED, NULL, "stopped by a signal");
        /* A moving average that starts with the first loss. */
        smoothed = 0.8 * smoothed + 0.2 * loss;
        weight = 0.8 * weight + 0.2;
        test->learning_rates[step] = trainer_learning_rate(&run->trainer);
        test->losses[step] = smoothed / weight;
        if (!isfinite(loss) || run->trainer.has_diverged)
            break;
        test->num_steps++;
        if (run_leads(run))
            progress_update(&progress, test->num_steps);
        if (test->losses[step] < smallest)
            smallest = test->losses[step];
        if (step > SKIPPED_STEPS && test->losses[step] > 4 * smallest)
            break;
    }
    progress_clear(&progress);
    return true;
}

/* The step of the smallest loss, and the one before it where the loss falls fastest. */
static void range_test_find(const struct range_test *test, size_t *smallest, size_t *steepest)
{
    double fastest = 0.0;

    *smallest = *steepest = 0;
    for (size_t i = 1; i < test->num_steps; i++)
        if (test->losses[i] < test->losses[*smallest])
            *smallest = i;
    for (size_t i = 2; i < *smallest; i++) {
        double fall = test->losses[i - 2] - test->losses[i];

        if (fall > fastest) {
            fastest = fall;
            *steepest = i - 1;
        }
    }
}

static void range_test_print(const struct range_test *test, size_t smallest, size_t steepest)
{
    double least = test->losses[smallest], most = test->losses[0];

    printf("%13s  %10s\n", "learning rate", "loss");
    for (size_t i = 0; i < test->num_steps; i++) {
        double part = most > least ? (test->losses[i] - least) / (most - least) : 0.0;
        int length = (int)((part < 1.0 ? part : 1.0) * CHART_WIDTH + 0.5);

        printf("%13.3g  %10.6f  %.*s%s\n", test->learning_rates[i], test->losses[i], length,
               "################################################",
               i == smallest   ? " smallest"
               : i == steepest ? " falls fastest"
                               : "");
    }
}

bool range_test_run(struct run *run, struct error *error)
{
    struct range_test test = {0};
    size_t smallest, steepest;

    if (!range_test_measure(run, &test, error))
        return false;
    if (test.num_steps < SKIPPED_STEPS)
        return error_set(error, STATUS_DATA, NULL,
                         "the loss is not finite even at the smallest learning rate, %g",
                         RANGE_FIRST);
    range_test_find(&test, &smallest, &steepest);
    if (!run_leads(run))
        return true;
    range_test_print(&test, smallest, steepest);
    if (steepest == 0)
        printf("the loss does not fall at any learning rate: no suggestion\n");
    else
        printf("suggestion: --learning-rate %.2g, where the loss falls fastest (a tenth of where "
               "it is "
               "smallest is %.2g)\n",
               test.learning_rates[steepest], test.learning_rates[smallest] / 10);
    return true;
}
