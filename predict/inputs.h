/*
 * The images that are to be classified: files, directories, archives, and the list of paths on
 * standard input, in the order of the command line; those of a directory or an archive in bytewise
 * order of their paths.  An image's name in results is what opens it: SOURCE/PATH, or the path that
 * was given.
 */
#ifndef QUERN_PREDICT_INPUTS_H
#define QUERN_PREDICT_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"
#include "images/sources/source.h"

/* A directory or an archive, or files in a row that lie in neither. */
struct input {
    const char *path;      /* of the source; the caller's */
    struct source *source; /* NULL: files */
    struct scan scan;      /* of the source */
    struct text_list files;
    size_t first, num_images; /* of all images, its own */
};

struct inputs {
    size_t count, capacity;
    struct input *items;
    size_t num_images;
    /* What is in the sources and left out, as in struct scan. */
    struct foreign_counts foreign;
    uint64_t num_junk[JUNK_NUM_KINDS];
    uint64_t num_others, num_loops, num_unsafe_paths, num_links, num_special, num_replaced;
    size_t max_name_nbytes; /* of the longest name, its NUL counted */
    const char *spool_path; /* where a compressed archive is spooled: images/sources/source.h */
};

/*
 * Opens and lists what operands name ("-": standard input).  A path that is not there, or that
 * cannot be listed, is an error; a file that is no image is one only when it is read.  The operands
 * and spool_path must live as long as the inputs.  Close with inputs_close, after a failure too.
 */
bool inputs_open(char *const *operands, size_t num_operands, const char *spool_path,
                 struct inputs *inputs, struct error *error);
void inputs_close(struct inputs *inputs);

/* Says what was left out, a line for each kind: "PROGRAM: note: ...".  After a failure of
 * inputs_open too, of which it may be the reason. */
void inputs_print_notes(const struct inputs *inputs, const char *program);

/* Is path something that is read from here?  No output may replace it. */
bool inputs_have(const struct inputs *inputs, const char *path);

/* The name of image index, cut to size; returns the buffer. */
const char *inputs_name(const struct inputs *inputs, size_t index, char *buffer, size_t size);

/*
 * Reads the bytes of image index.  STATUS_DATA and STATUS_IO, with a reason that leaves out the
 * path, when the file is at fault.  Thread-safe, each thread with a reader of its own.
 */
bool inputs_read(const struct inputs *inputs, size_t index, struct source_reader *reader,
                 struct source_file *file, struct error *error);

#endif
