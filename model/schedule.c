#include "model/schedule.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>

#include "common/text.h"
#include "model/kernels/math_functions.h"

const char *const schedule_names[] = {"constant", "step", "cosine", "one-cycle", NULL};

const double SCHEDULE_ONE_CYCLE_MOMENTUM = 0.95;

static const double PI = 0x1.921fb54442d18p+1;

/* From begin to end along half a cosine; position from 0 to 1. */
static double schedule_anneal(double begin, double end, double position)
{
    return end + (begin - end) / 2.0 * (1.0 + math_cos(PI * position));
}

static struct schedule_values schedule_one_cycle(const struct schedule *schedule, uint64_t step,
                                                 uint64_t total)
{
    static const double SMALLEST_MOMENTUM = 0.85, START_DIVISOR = 25.0, END_DIVISOR = 1e4;
    const double largest = schedule->learning_rate, start = largest / START_DIVISOR;
    const double top = 0.3 * (double)total - 1.0, last = (double)total - 1.0;

    if ((double)step <= top)
        return (struct schedule_values){
            schedule_anneal(start, largest, (double)step / top),
            schedule_anneal(SCHEDULE_ONE_CYCLE_MOMENTUM, SMALLEST_MOMENTUM, (double)step / top)};
    return (struct schedule_values){
        schedule_anneal(largest, start / END_DIVISOR, ((double)step - top) / (last - top)),
        schedule_anneal(SMALLEST_MOMENTUM, SCHEDULE_ONE_CYCLE_MOMENTUM,
                        ((double)step - top) / (last - top))};
}

/* Without warm-up; step < total where the schedule needs it. */
static struct schedule_values schedule_main(const struct schedule *schedule, uint64_t step,
                                            uint64_t total)
{
    struct schedule_values values = {schedule->learning_rate, schedule->momentum};

    switch (schedule->kind) {
    case SCHEDULE_CONSTANT:
        break;
    case SCHEDULE_STEP:
        assert(schedule->step_steps > 0);
        values.learning_rate *= math_power(schedule->gamma, step / schedule->step_steps);
        break;
    case SCHEDULE_COSINE:
        values.learning_rate =
            schedule_anneal(schedule->learning_rate, 0.0, (double)step / (double)total);
        break;
    case SCHEDULE_ONE_CYCLE:
        values = schedule_one_cycle(schedule, step, total);
        break;
    }
    return values;
}

bool schedule_needs_total(enum schedule_kind kind)
{
    return kind == SCHEDULE_COSINE || kind == SCHEDULE_ONE_CYCLE;
}

bool schedule_has_momentum(enum schedule_kind kind)
{
    return kind == SCHEDULE_ONE_CYCLE;
}

bool schedule_check(const struct schedule *schedule, struct error *error)
{
    if (schedule_needs_total(schedule->kind) && schedule->warmup_steps >= schedule->total_steps)
        return error_set(error, STATUS_USAGE,
                         ERROR_AT(.expected = TEXT("fewer than the run's %" PRIu64 " steps",
                                                   schedule->total_steps),
                                  .found = TEXT("%" PRIu64 " steps", schedule->warmup_steps)),
                         "the warm-up leaves the %s schedule no step",
                         schedule_names[schedule->kind]);
    return true;
}

struct schedule_values schedule_at(const struct schedule *schedule, uint64_t step)
{
    const uint64_t warmup = schedule->warmup_steps;
    const bool needs_total = schedule_needs_total(schedule->kind);
    const uint64_t total = needs_total ? schedule->total_steps - warmup : UINT64_MAX;
    struct schedule_values values;

    assert(!needs_total || schedule->total_steps > warmup);
    if (step >= warmup)
        return schedule_main(schedule, step - warmup < total ? step - warmup : total - 1, total);
    values = schedule_main(schedule, 0, total);
    values.learning_rate *= (double)(step + 1) / (double)(warmup + 1);
    return values;
}
