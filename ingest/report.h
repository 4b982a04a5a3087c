/*
 * What quern-ingest tells people: what is in a source, a shard, a store, and what is odd about it.
 * Names are escaped.
 */
#ifndef QUERN_INGEST_REPORT_H
#define QUERN_INGEST_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"
#include "formats/store/store_shard.h"
#include "images/preparation.h"
#include "images/sources/scan.h"
#include "ingest/ingest_options.h"
#include "ingest/label_table.h"
#include "ingest/tree.h"

/* "train   12,396 images in 2 classes:  3 6,131   7 6,265", a line or more for each split. */
void report_tree(const struct tree *tree, FILE *stream);

/* What was ignored or left out and what is missing: "quern-ingest: note: ...", a line each. */
bool report_notes(const struct tree *tree, const struct scan *scan, const struct tree_rules *rules,
                  FILE *messages, struct error *error);

/* The same as texts, without what a line begins with. */
bool report_list_notes(const struct tree *tree, const struct scan *scan,
                       const struct tree_rules *rules, struct text_list *notes,
                       struct error *error);

/* The same of a table of labels: columns that are not taken, rows that are repeated. */
void report_label_notes(const struct label_table *table, FILE *messages);

/* The notes on a source that is refused: what was ignored in it may be why. */
void report_scan_notes(const struct scan *scan, FILE *messages);

/* "shard 2 of 4: train 3,072 of 12,396, valid 512 of 2,038" */
void report_shard(const struct store_shard *place, FILE *stream);

/* What was done to transparent images and to those of 16 bits, and what did nothing; a note each.
 */
void report_preparation(const struct preparation *preparation, const struct ingest_options *options,
                        const struct preparation_findings *findings, FILE *messages);

/*
 * "wrote STORE.h5: 14,434 images of 28x28 gray, 2 classes, 2.9 MB, fingerprint 0123456789abcdef",
 * without a newline, where before is "wrote " and after is empty.  The store was just written or
 * just checked, so its seal is not checked again.
 */
bool report_store(const char *path, bool is_shard, const char *before, const char *after,
                  FILE *stream, struct error *error);

/* "quern-ingest: " and one line of text. */
void report_say(FILE *messages, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Keys of a WebDataset that have several images, and an image of the first of them. */
uint64_t report_count_shared_keys(const struct scan *scan, size_t *first);

#endif
