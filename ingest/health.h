/*
 * What is odd about the images of a source, and the report of --dry-run: all that is known of a
 * source, and the command to go on with.
 */
#ifndef QUERN_INGEST_HEALTH_H
#define QUERN_INGEST_HEALTH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/text_list.h"
#include "images/sources/scan.h"
#include "ingest/ingest_options.h"
#include "ingest/survey.h"
#include "ingest/tree.h"

/*
 * Notes, a line each, on equal pictures (in a split, in two splits, in two classes), on images of
 * one value throughout, and on classes that hold nothing else than one picture.  contents [rows of
 * the tree] are by contents_of; is_shard: the tree is a part of the source.
 */
bool health_note_contents(const struct tree *tree, const uint64_t *contents, bool is_shard,
                          FILE *messages, struct error *error);

/* What the files are like, whatever their classes. */
void health_report_files(const struct survey *survey, FILE *stream);

struct health {
    const struct ingest_options *options;
    const struct scan *scan;
    const struct tree *tree; /* all of the source */
    const struct tree_rules *rules;
    const struct survey *survey; /* of that tree */
};

/* The report but for the tree itself, which report_tree prints. */
bool health_report(const struct health *health, FILE *stream, struct error *error);

#endif
