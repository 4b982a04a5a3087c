/*
 * One run of quern-train as its parts see it.  For files inside train/ only.
 */
#ifndef QUERN_TRAIN_RUN_H
#define QUERN_TRAIN_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "apply/model_file.h"
#include "common/error.h"
#include "common/json.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/store/dataset.h"
#include "formats/store/store.h"
#include "model/model.h"
#include "train/ranks/ranks.h"
#include "train/train_config.h"
#include "train/train_options.h"
#include "train/trainer.h"

/* A split as this run reads it; of several ranks, those of a node share its pixels. */
struct run_split {
    struct dataset dataset;
    struct ranks *ranks;
    struct ranks_shared memory;
    struct dataset_share share;
};

/* The file RUN_DIR/log.jsonl. */
struct run_log {
    char *path;
    int descriptor;
    char *line; /* the event being put together */
    size_t line_nbytes;
    FILE *stream;
    struct json json;
};

/* The best epoch so far, as long as best.h5 is not written: the next checkpoint brings it along. */
struct run_best {
    bool is_pending;
    struct checkpoint checkpoint; /* its tensors are in values; the rest is that of the run */
    float *values;                /* owned */
};

struct run {
    const struct train_options *options; /* resolved */
    struct train_options resolved;       /* as given, and what was not given filled in */
    const char *program;
    struct ranks *ranks;
    struct store *store;
    struct run_split train;
    struct run_split valid;
    struct train_config config;
    struct model model;
    struct trainer trainer; /* for models trained by gradients */
    /* The state of the run: configuration, progress and history; its tensors are the model's
     * parameters and the trainer's states. */
    struct checkpoint checkpoint;
    struct run_best best;
    struct run_log log;
    bool log_is_broken;         /* could not be written, and this was said */
    uint64_t first_epoch;       /* done before this process */
    bool has_interrupted;       /* there is an interrupted.h5 in RUN_DIR */
    uint64_t interrupted_step;  /* how far it goes */
    bool checkpoint_is_overdue; /* the last one could not be written */
    double last_saved_seconds;  /* when, on progress_seconds' clock */
    double start_seconds;       /* of the first epoch of this process, on that clock */
    uint64_t num_samples_done;  /* trained on by this process, in epochs that are over */
    unsigned table_columns;     /* of the table of epochs, as its head was printed; 0: not yet */
};

/* True for the rank that reads and writes checkpoints, prints and logs; the others are silent. */
static inline bool run_leads(const struct run *run)
{
    return run->ranks->index == 0;
}

/*
 * ---- run_log.c: what people and programs read, by the rank that leads.  A log that cannot be
 * written is said once, and is no reason to lose a run. ----
 */

/*
 * Opens DIRECTORY/log.jsonl, one JSON object a line, and locks it, and with it the directory, until
 * run_log_close or the process's end.  What follows the last newline, as a process that died or a
 * full disk leaves it, becomes the text of an event "torn".
 */
bool run_log_open(struct run_log *log, const char *directory, struct error *error);
void run_log_close(struct run_log *log);

/* Starts an event: the caller adds members with the json returned, then calls run_log_end. */
struct json *run_log_begin(struct run_log *log, const char *event, struct error *error);
bool run_log_end(struct run_log *log, struct error *error);

/* The events of a run, and its lines on stdout. */
void run_report_start(struct run *run, char **command);
/* What the recipe chose, as options; nothing where all is the lesson's. */
void run_report_defaults(const struct run *run);
void run_report_head(struct run *run);
void run_report_epoch(struct run *run, const struct epoch_record *record, double seconds);
void run_report_checkpoint(struct run *run);
void run_report_stop(struct run *run, int signal_number);
/* A line on stderr and an event: what is no error, but not what anybody wanted. */
void run_report_warning(struct run *run, const char *text);
void run_report_end(struct run *run, double seconds);

/*
 * ---- run_directory.c: the checkpoints epoch-NNNN.h5 of a run and, when it stopped or saved itself
 * inside an epoch, interrupted.h5. ----
 */

/* Removes the temporary files of a process that died; only for the one that holds the lock. */
bool run_directory_remove_temporaries(const char *directory, struct error *error);

/* The newest whole checkpoint of a directory, by its step. */
struct run_newest {
    struct model_file file; /* without a model; its path is NULL where there is no checkpoint */
    bool is_interrupted;    /* it is interrupted.h5, further than any epoch's checkpoint */
    bool has_interrupted;
    uint64_t interrupted_step; /* of a whole interrupted.h5; 0 of a broken one */
};

/*
 * Broken checkpoints are passed over, each with a message; if all are broken, that is STATUS_DATA.
 * Close newest->file, after a failure too.
 */
bool run_directory_read_newest(const char *program, const char *directory,
                               struct run_newest *newest, struct error *error);

/*
 * Refuses (STATUS_DATA) a checkpoint of another configuration, store or classes than current,
 * naming the first difference, and the way to go on from it.
 */
bool run_directory_compare(const char *directory, const struct checkpoint *existing,
                           const struct checkpoint *current, struct error *error);

/* Writes epoch-NNNN.h5 for checkpoint->epoch. */
bool run_directory_write_epoch(const char *directory, const struct checkpoint *checkpoint,
                               struct error *error);
bool run_directory_write_interrupted(const char *directory, const struct checkpoint *checkpoint,
                                     struct error *error);

/* Removes checkpoints of epochs before epoch until the newest keep of all are left; 0: none. */
bool run_directory_prune(const char *directory, uint64_t epoch, uint64_t keep, struct error *error);
bool run_directory_remove_interrupted(const char *directory, struct error *error);
/* Removes every checkpoint, best.h5 too. */
bool run_directory_clear(const char *directory, struct error *error);

/* ---- run_directory.c: the state of a run to files and back; writing is collective ---- */

/* Lends the model's parameters and the trainer's states to run->checkpoint. */
void run_lend_tensors(struct run *run);

/* Adds an epoch's figures to the history. */
bool run_add_record(struct checkpoint *checkpoint, const struct epoch_record *record,
                    struct error *error);

/* Takes up where existing ends. */
bool run_resume(struct run *run, const struct checkpoint *existing, struct error *error);

/* STATUS_DATA: what ("the training loss is") not finite, at which step, and what to do. */
bool run_set_diverged(const struct run *run, const char *what, struct error *error);
/* Refuses parameters and states that are not finite. */
bool run_check_finite(const struct run *run, struct error *error);

/*
 * Writes epoch-NNNN.h5 and removes what that makes needless.  Between the first and the last one of
 * a run a failure of the system is said, not returned: the next epoch's end is the next
 * opportunity.
 */
bool run_save_epoch(struct run *run, struct error *error);

/* ---- train_epochs.c: the work of a run, from where it is taken up to its end ---- */

/* Epoch after epoch, each validated, reported and saved.  STATUS_STOPPED after a signal. */
bool train_epochs(struct run *run, struct error *error);
/* Fits nearest-mean, in one pass over the samples. */
bool train_fit(struct run *run, struct error *error);

/*
 * ---- run_best.c: best.h5, of the epoch with the best figures on the valid split.  All of it is
 * for the rank that leads, which has the whole history. ----
 */

/* Is the epoch that has just ended the best so far? */
bool run_is_best(const struct run *run);
/* Have --patience epochs passed since the best of a history? */
bool run_is_past_best(const struct run *run, const struct checkpoint *checkpoint);
/* Keeps a copy of the state, because no checkpoint of this best epoch is due. */
bool run_keep_best(struct run *run, struct error *error);
void run_forget_best(struct run *run);
/* Writes the copy, if there is one. */
bool run_write_best(struct run *run, struct error *error);
/* Makes best.h5 another name of the epoch's checkpoint, which is written; a copy on a file system
 * without hard links. */
bool run_link_best(struct run *run, struct error *error);
/* Puts best.h5 right where it is not of the best epoch of a history: after a kill, or after a run
 * that began anew in the same directory.  What cannot be done is said. */
void run_restore_best(const struct run *run, const struct checkpoint *existing);

/* Writes interrupted.h5: all that was done until now, inside an epoch or between two. */
bool run_save_interrupted(struct run *run, struct error *error);

/* Removes what the newest checkpoint makes needless: interrupted.h5, and those that are too many
 * for
 * --keep.  What cannot be removed is said, and is no reason to lose a run. */
void run_tidy(struct run *run);

#endif
