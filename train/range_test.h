/*
 * The range test of the learning rate (Smith, "Cyclical learning rates for training neural
 * networks", 2017): from a very small one, each step takes a larger one, and the losses say which
 * are too small to learn and which too large to hold.
 */
#ifndef QUERN_TRAIN_RANGE_TEST_H
#define QUERN_TRAIN_RANGE_TEST_H

#include <stdbool.h>

#include "common/error.h"
#include "model/schedule.h"
#include "train/run.h"

/* The schedule that a trainer is to be made with for it; momentum is the optimizer's. */
struct schedule range_test_schedule(double momentum);

/* Trains until the loss has left its smallest value behind, prints losses, a curve and a
 * suggestion. Collective; only the rank that leads prints. */
bool range_test_run(struct run *run, struct error *error);

#endif
