/*
 * The best epoch of a run, by its figures on the valid split: a function of the history alone, so
 * that a run that was killed and resumed has the same.
 */
#ifndef QUERN_APPLY_BEST_H
#define QUERN_APPLY_BEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/checkpoint/checkpoint.h"

/* What an epoch is judged by: the smallest loss, or the largest accuracy. */
enum monitor { MONITOR_VALID_LOSS, MONITOR_VALID_ACCURACY };

/* "valid_loss", "valid_accuracy", NULL at the end. */
extern const char *const monitor_names[];

/* What a checkpoint's settings say; the loss where they say nothing. */
enum monitor best_monitor(const struct settings *config);

/* The first of the records that none is better than, or NULL: none has a figure. */
const struct epoch_record *best_find(const struct epoch_record *records, size_t count,
                                     enum monitor monitor);

/* The same if the last of the records is worse than it; NULL where none is better than the last. */
const struct epoch_record *best_before_last(const struct epoch_record *records, size_t count,
                                            enum monitor monitor);

/* Have patience epochs or more passed since the best one?  Never with a patience of 0. */
bool best_is_past(const struct epoch_record *records, size_t count, enum monitor monitor,
                  uint64_t patience);

#endif
