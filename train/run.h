/*
 * One run of quern-train as its parts see it.  For files inside train/ only.
 */
#ifndef QUERN_TRAIN_RUN_H
#define QUERN_TRAIN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/store/dataset.h"
#include "formats/store/store.h"
#include "model/model.h"
#include "train/ranks/placement.h"
#include "train/ranks/ranks.h"
#include "train/run_log.h"
#include "train/train_options.h"
#include "train/trainer.h"

struct run {
    const struct train_options *options;
    const char *program;
    struct ranks *ranks;
    struct store *store;
    struct placed train;
    struct placed valid;
    struct model model;
    struct trainer trainer;       /* for models trained by gradients */
    struct checkpoint checkpoint; /* as of now; its tensors are the model's and the trainer's */
    struct run_log log;
    bool log_is_broken;         /* could not be written, and this was said */
    uint64_t first_epoch;       /* done before this process */
    bool has_interrupted;       /* there is an interrupted.h5 in the folder */
    uint64_t interrupted_step;  /* how far it goes */
    bool checkpoint_is_overdue; /* the last one could not be written */
    double last_saved_seconds;  /* when, on progress_seconds' clock */
};

/* The rank that reads and writes checkpoints, prints and logs; the others are silent. */
static inline bool run_leads(const struct run *run)
{
    return run->ranks->index == 0;
}

/* ---- report.c: what people and programs read, by the rank that leads.  A log that cannot be
 * written is said once, and is no reason to lose a run. ---- */

void report_start(struct run *run, char **command);
void report_head(const struct run *run);
void report_epoch(struct run *run, const struct epoch_record *record, double seconds);
void report_checkpoint(struct run *run);
void report_stop(struct run *run, int signal_number);
void report_end(struct run *run, double seconds);

/* ---- together.c: what several ranks do beyond sharing batches.  All collective. ---- */

/* Refuses ranks that were started on different stores, or with different options. */
bool together_compare(struct run *run, struct error *error);

/* Gives the state of the rank that leads, and whether the run is finished, to the others. */
void together_share_state(struct run *run, bool *is_finished);

/* ---- saver.c: the state of the run to files and back.  Writing is collective. ---- */

/* Lends the model's parameters and the trainer's state to run->checkpoint. */
void saver_lend_tensors(struct run *run);

/* Adds an epoch's figures to the history. */
bool saver_add_record(struct checkpoint *checkpoint, const struct epoch_record *record,
                      struct error *error);

/* Takes up where existing ends. */
bool saver_resume(struct run *run, const struct checkpoint *existing, struct error *error);

/*
 * Writes epoch-NNNN.h5.  Between the first and the last one of a run a failure of the system is
 * said, not returned: the next epoch's end is the next opportunity.
 */
bool saver_write_epoch(struct run *run, struct error *error);

/* Writes interrupted.h5: all that was done until now, inside an epoch or between two. */
bool saver_write_interrupted(struct run *run, struct error *error);

#endif
