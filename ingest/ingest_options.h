/*
 * What quern-ingest is asked to do.
 */
#ifndef QUERN_INGEST_INGEST_OPTIONS_H
#define QUERN_INGEST_INGEST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"
#include "images/fit.h"
#include "images/samples.h"
#include "ingest/layout.h"
#include "ingest/split.h"

struct ingest_options {
    const char *source;
    const char *store;                /* NULL with dry_run and write_list only */
    const char *write_list;           /* write the list of files there, and no store; or NULL */
    const char *list;                 /* take the files from this list; or NULL */
    const char *labels;               /* the table of labels; or NULL */
    uint64_t shard_index, num_shards; /* of 1 to num_shards; 0 of 0: all in one store */
    bool merge;                       /* make the store of shards, not of the source (NULL) */
    char *const *shards;              /* [num_shards_to_merge], in argv */
    size_t num_shards_to_merge;
    struct split_rules split;
    bool deduplicate;
    struct text_list classes; /* in this order; empty: all, in natural order */
    enum layout_choice layout;
    bool has_unlabelled;       /* the test split gets no labels */
    const char *names_charset; /* of names in an archive; NULL: as they are */
    int channels;              /* 1, 3, or INGEST_CHANNELS_AUTO */
    uint64_t height, width;    /* to resize to; 0: the images are of one size */
    enum fit_mode fit;         /* of images to that size */
    struct samples_rule rule;  /* background and range */
    bool finds_range;          /* the range is that of all images */
    uint64_t max_pixels;       /* of one image */
    bool skip_bad;
    const char *spool_dir; /* for the images of a compressed tar; NULL: the store's directory */
    bool dry_run;
    bool verify;
    bool force;
    int compression_level;
    int num_threads;
    int num_io_threads;    /* that read and decode files */
    uint64_t memory_limit; /* bytes; 0: none was given */
    char *const *given;    /* [num_given] the options as they were given, in argv */
    int num_given;
};

enum { INGEST_CHANNELS_AUTO = 0 };

enum { INGEST_MAX_SETTINGS = 512 };

/* The defaults, without source and store. */
struct ingest_options ingest_options_default(void);

/* Parses a command line.  *done: the help or the version was printed, and that is all. */
bool ingest_options_parse(struct ingest_options *options, int argc, char **argv, bool *done,
                          struct error *error);
void ingest_options_free(struct ingest_options *options);

/*
 * Every setting that shapes the store, as "name=value" with blanks between them; equal lines and
 * an equal source give an equal store.
 */
const char *ingest_options_describe(const struct ingest_options *options, char *buffer,
                                    size_t size);

#endif
