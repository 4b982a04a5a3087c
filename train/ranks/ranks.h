/*
 * The processes that train one model together.  Everything of MPI is behind this header; a build
 * without MPI (ranks_serial.c), and a process that no launcher started, is a world of one rank, for
 * which every function here does nothing or a copy.
 *
 * Functions marked collective are called by all ranks in the same order.  Only the thread that
 * called ranks_begin may call any.  A rank that is lost, or that lets the others wait for
 * QUERN_RANK_TIMEOUT seconds (default 600) while is_timed, ends all of them with a message:
 * messages have no error to return.
 */
#ifndef QUERN_TRAIN_RANKS_H
#define QUERN_TRAIN_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* ---- the launcher ---- */

/*
 * What the launcher (mpirun, srun) said of this process in its environment: how many processes it
 * started, and which one this is.  A program that cannot find the others otherwise believes that it
 * is alone, and as many as were started would each train the whole model, into one directory.
 */
struct launcher {
    const char *variable; /* that says so; NULL without a launcher */
    uint64_t num_processes;
    uint64_t rank;
    bool is_step; /* started by a launcher, not by the script of a job */
};

/*
 * Reads the environment.  The launcher nearest to the process counts: mpirun's word before Slurm's,
 * a Slurm step's before the job's.
 */
struct launcher launcher_read(void);

/* Refuses (STATUS_USAGE) a world of another size than was promised.  built_with: "Open MPI", or
 * NULL for a build without MPI. */
bool launcher_check(const struct launcher *launcher, uint64_t world_size, const char *built_with,
                    struct error *error);

/* ---- beginning and end ---- */

/*
 * Messages of different channels may be under way at the same time.  In a step the others are close
 * behind, and who waits keeps its processor; elsewhere one may be writing a file.
 */
enum ranks_channel { RANKS_STEPS, RANKS_OTHERS, RANKS_NUM_CHANNELS };

struct ranks_transport;
struct ranks_window;

struct ranks_message {
    size_t peer; /* another rank */
    void *data;
    size_t nbytes; /* 0: no message */
};

struct ranks_block {
    void *data;
    size_t nbytes;
};

struct ranks {
    size_t index; /* of this process; 0 leads: it prints, logs and writes */
    size_t count;
    size_t node_index; /* among those that share this machine's memory */
    size_t node_count;
    size_t node;         /* the first rank of this node */
    const char *program; /* for messages */
    bool is_timed; /* set by the caller while ranks answer soon: they train, and read no store */
    /* what this rank has sent by ranks_start, for benchmarks and tests */
    uint64_t num_messages;
    uint64_t num_bytes;
    struct ranks_transport *transport; /* NULL in a world of one */
    struct ranks_message *scratch;     /* [4 count], of ranks_gather_all */
    struct ranks_block *blocks;        /* [count], of what is built on it */
    uint64_t *values;                  /* [count] */
};

/* "Open MPI 4.1.4"; "none" for a build without MPI. */
const char *ranks_library(void);

/*
 * Joins the others.  STATUS_USAGE if their number is not what the launcher promised.  ranks_end
 * may be called after a failure too, and waits for all.
 */
bool ranks_begin(struct ranks *ranks, const char *program, struct error *error);
void ranks_end(struct ranks *ranks);

/* ---- messages ---- */

/*
 * Starts sending and receiving; the data of both is not to be touched until ranks_finish of that
 * channel has returned.  Between two ranks messages of a channel arrive in the order in which
 * they were sent.
 */
void ranks_start(struct ranks *ranks, enum ranks_channel channel,
                 const struct ranks_message *receives, size_t num_receives,
                 const struct ranks_message *sends, size_t num_sends);
void ranks_finish(struct ranks *ranks, enum ranks_channel channel);

/*
 * Collective: blocks[r] is rank r's to give and all others' to receive; sizes may differ.  Takes
 * ceil(log2(count)) rounds, in each of which a rank sends what it has so far to one other: one
 * message, or a few where blocks do not follow each other in memory.  Each receives each byte once.
 */
void ranks_gather_all(struct ranks *ranks, enum ranks_channel channel,
                      const struct ranks_block *blocks);

/* Collective: rank 0's bytes to all. */
void ranks_broadcast(struct ranks *ranks, void *data, size_t nbytes);

/* Collective: the largest of all. */
uint64_t ranks_max(struct ranks *ranks, uint64_t value);

/* Collective: sums[i] becomes the sum over all ranks, exact as integers are. */
void ranks_add(struct ranks *ranks, uint64_t *sums, size_t count);

/*
 * Collective: if any rank comes with a failure, all leave with the failure of the lowest such rank
 * in their records, and false; else true.
 */
bool ranks_agree(struct ranks *ranks, struct error *error);

/*
 * Collective: how many processors are this rank's: those it may run on, divided by the number of
 * ranks that may run on the same.  0 if the system does not say.
 */
size_t ranks_num_processors(struct ranks *ranks);

/* ---- memory that the ranks of a node share ---- */

/*
 * Collective: memory that all ranks of a node see, on a 64-byte boundary; each may write
 * any of it, and all see that after ranks_node_barrier.  Until ranks_end.  In a world of one
 * it is ordinary memory.
 */
struct ranks_shared {
    void *memory;
    struct ranks_window *window; /* NULL in a world of one */
};

bool ranks_share(struct ranks *ranks, size_t nbytes, struct ranks_shared *shared,
                 struct error *error);
void ranks_unshare(struct ranks *ranks, struct ranks_shared *shared);
void ranks_node_barrier(struct ranks *ranks, const struct ranks_shared *shared);

#endif
