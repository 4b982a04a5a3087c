/*
 * Errors: the record is the status.  A function that can fail returns true if it did what it is
 * for; where it fails, it fills the record of its caller and returns false.  Callers pass the
 * record up unchanged, and only main prints it.  The first error wins: filling a record that
 * already holds an error changes nothing, so a clean-up that fails cannot hide the cause.
 */
#ifndef QUERN_COMMON_ERROR_H
#define QUERN_COMMON_ERROR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What errors name as the file where there is none: standard output. */
#define ERROR_STDOUT "standard output"

/* The values are the exit codes of the programs. */
enum status {
    STATUS_OK = 0,
    STATUS_USAGE = 2,     /* wrong arguments */
    STATUS_DATA = 65,     /* bad input data */
    STATUS_INTERNAL = 70, /* our mistake, or no memory */
    STATUS_IO = 74,       /* the system refused to read or write */
    STATUS_STOPPED = 75,  /* stopped after a checkpoint: run again to go on */
};

struct error {
    enum status status;
    char what[1024]; /* what went wrong, one sentence without a full stop */
    char file[1024]; /* the rest is empty where it does not apply */
    char dataset[256];
    bool has_row;
    uint64_t row;
    char expected[256];
    char found[256];
};

/* Where and what; unset members are left out of the message. */
struct error_context {
    const char *file;
    const char *dataset;
    const uint64_t *row;
    const char *expected;
    const char *found;
};

/* ERROR_AT(.file = path, .expected = "28x28", .found = size) */
#define ERROR_AT(...) (&(struct error_context){__VA_ARGS__})

/* True while nothing has failed. */
static inline bool error_ok(const struct error *error)
{
    return error->status == STATUS_OK;
}

/*
 * Fills the record, unless it holds an error already.  Returns false, for the caller to return.
 * context may be NULL.
 */
bool error_set(struct error *error, enum status status, const struct error_context *context,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* STATUS_IO with errno's text: "FILE: cannot open: No such file or directory". */
bool error_set_errno(struct error *error, const char *file, const char *what);

/* STATUS_INTERNAL: no memory for nbytes. */
bool error_set_memory(struct error *error, uint64_t nbytes);

/* Prints "PROGRAM: FILE: DATASET, row N: WHAT: expected A, found B", control characters escaped. */
void error_print(const struct error *error, const char *program, FILE *stream);
/* The same without the program and the end of the line. */
void error_print_reason(const struct error *error, FILE *stream);

#endif
