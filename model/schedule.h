/*
 * Schedules: the learning rate and the momentum of a step, as pure functions of the step and of how
 * many steps a run has.  There is no state: a run that resumes at a step goes on with its values.
 * Steps count from 0.  All results are double, made of + - * / and math_cos alone, so that they are
 * the same on every machine.
 */
#ifndef QUERN_MODEL_SCHEDULE_H
#define QUERN_MODEL_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum schedule_kind {
    /* learning_rate */
    SCHEDULE_CONSTANT,
    /* learning_rate gamma^k, where k = step / step_steps rounded down (PyTorch's StepLR) */
    SCHEDULE_STEP,
    /* learning_rate (1 + cos(pi step / total)) / 2 (CosineAnnealingLR with eta_min 0) */
    SCHEDULE_COSINE,
    /*
     * Up from learning_rate / 25 in the first 30 % of the steps, then down to a 250,000th of it,
     * both along a half cosine, while the momentum goes from 0.95 to 0.85 and back (OneCycleLR;
     * Smith and Topin, "Super-convergence", 2019).
     */
    SCHEDULE_ONE_CYCLE,
};

/* "constant", "step", "cosine", "one-cycle", NULL at the end. */
extern const char *const schedule_names[];

/* The largest momentum that one-cycle has, which is that of its first step. */
extern const double SCHEDULE_ONE_CYCLE_MOMENTUM;

struct schedule {
    enum schedule_kind kind;
    double learning_rate; /* the largest that the run comes to */
    double momentum;      /* of all steps (beta1 of Adam); one-cycle has its own */
    /*
     * Steps before those of the schedule: step s of W has (s + 1) / (W + 1) of the schedule's first
     * learning rate (PyTorch's LinearLR from 1 / (W + 1)) and its first momentum.
     */
    uint64_t warmup_steps;
    uint64_t total_steps; /* warm-up counted; only used where schedule_needs_total */
    uint64_t step_steps;  /* step: that many steps have one learning rate; > 0 */
    double gamma;         /* step */
};

struct schedule_values {
    double learning_rate, momentum;
};

/* True where the values depend on total_steps: such a run's length is a setting of its own. */
bool schedule_needs_total(enum schedule_kind kind);

/* True where the momentum changes from step to step, whatever schedule.momentum says. */
bool schedule_has_momentum(enum schedule_kind kind);

/* STATUS_USAGE for a warm-up that leaves a schedule that needs the total no step. */
bool schedule_check(const struct schedule *schedule, struct error *error);

/* Steps after the last have the values of the last. */
struct schedule_values schedule_at(const struct schedule *schedule, uint64_t step);

#endif
