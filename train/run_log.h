/*
 * RUN_DIR/log.jsonl: one JSON object a line, appended: what happened when, where and how.  All
 * that may differ between equal runs (times, hosts, threads, paths) is here and not in
 * checkpoints.
 */
#ifndef QUERN_TRAIN_RUN_LOG_H
#define QUERN_TRAIN_RUN_LOG_H

#include <stdio.h>

#include "common/error.h"
#include "common/json.h"

struct run_log {
    char *path;
    int descriptor;
    char *line; /* the event being put together */
    size_t line_nbytes;
    FILE *stream;
    struct json json;
};

/* Opens the log and locks it, and with it the folder, until run_log_close or the process's end. */
bool run_log_open(struct run_log *log, const char *folder, struct error *error);
void run_log_close(struct run_log *log);

/* Starts an event: the caller adds members with the json returned, then calls run_log_end. */
struct json *run_log_begin(struct run_log *log, const char *event, struct error *error);
/* Appends the line in one write, so that lines of two processes cannot mix. */
bool run_log_end(struct run_log *log, struct error *error);

#endif
