/* Ranks by MPI: the one file that includes it. */
#include "train/ranks/ranks.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"

enum {
    MAX_MESSAGE_NBYTES = 1 << 30, /* MPI counts in int */
    TESTS_BEFORE_YIELD = 2000,    /* about 100 us; then other processes may get the processor */
    TESTS_BEFORE_SLEEP = 10000,   /* outside of steps, where another rank may be writing a file */
    SLEEP_NANOSECONDS = 100000,
    DEFAULT_TIMEOUT_SECONDS = 600,
};

/* mpirun gives its processes a second between SIGTERM, when one of them is lost, and SIGKILL. */
static const double seconds_until_warning = 0.3;

struct channel {
    MPI_Request *requests;
    int num_requests;
    int max_requests;
};

struct ranks_transport {
    bool is_joined; /* MPI has started */
    MPI_Comm world;
    MPI_Comm node;
    struct channel channels[RANKS_NUM_CHANNELS];
    double timeout_seconds;
    bool has_warned;
};

struct ranks_window {
    MPI_Win window;
};

/* ---- beginning and end ---- */

#if defined(OPEN_MPI)
#define LIBRARY "Open MPI"
#elif defined(MPICH_VERSION)
#define LIBRARY "MPICH"
#else
#define LIBRARY "MPI"
#endif

const char *ranks_library(void)
{
    return LIBRARY;
}

/*
 * MPI is started only where a launcher left the marks that the library looks for.  Alone, Open MPI
 * would take half a second and a process of its own to find out that nobody else is there.
 */
static bool ranks_is_launched(const struct launcher *launcher)
{
#if defined(OPEN_MPI)
    (void)launcher;
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK");
#else
    return (launcher->is_step && launcher->num_processes > 1) || getenv("PMI_RANK") ||
           getenv("PMIX_RANK") || getenv("PMI_FD");
#endif
}

static bool ranks_read_timeout(double *seconds, struct error *error)
{
    const char *text = getenv("QUERN_RANK_TIMEOUT");
    char *end;

    *seconds = DEFAULT_TIMEOUT_SECONDS;
    if (!text)
        return true;
    *seconds = strtod(text, &end);
    if (*end == '\0' && end != text && *seconds > 0 && *seconds < 1e9)
        return true;
    return error_set(error, STATUS_USAGE, ERROR_AT(.found = text),
                     "QUERN_RANK_TIMEOUT is no number of seconds");
}

/* Ends all ranks. */
static void ranks_give_up_memory(const struct ranks *ranks)
{
    progress_message(ranks->program, "rank %zu of %zu: no memory for its messages", ranks->index,
                     ranks->count);
    MPI_Abort(MPI_COMM_WORLD, STATUS_INTERNAL);
}

static bool ranks_join(struct ranks *ranks, struct error *error)
{
    struct ranks_transport *transport = calloc(1, sizeof(*transport));
    int provided, number;

    if (!transport)
        return error_set_memory(error, sizeof(*transport));
    ranks->transport = transport;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS ||
        provided < MPI_THREAD_FUNNELED)
        return error_set(error, STATUS_INTERNAL, NULL, LIBRARY " does not start");
    transport->is_joined = true;
    MPI_Comm_dup(MPI_COMM_WORLD, &transport->world);
    MPI_Comm_rank(transport->world, &number);
    ranks->index = (size_t)number;
    MPI_Comm_size(transport->world, &number);
    ranks->count = (size_t)number;
    MPI_Comm_split_type(transport->world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &transport->node);
    MPI_Comm_rank(transport->node, &number);
    ranks->node_index = (size_t)number;
    MPI_Comm_size(transport->node, &number);
    ranks->node_count = (size_t)number;
    number = (int)ranks->index;
    MPI_Bcast(&number, 1, MPI_INT, 0, transport->node);
    ranks->node = (size_t)number;
    ranks->scratch = calloc(4 * ranks->count, sizeof(*ranks->scratch));
    ranks->blocks = calloc(ranks->count, sizeof(*ranks->blocks));
    ranks->values = calloc(ranks->count, sizeof(*ranks->values));
    /* Without these few bytes a rank cannot even send the others its error. */
    if (!ranks->scratch || !ranks->blocks || !ranks->values)
        ranks_give_up_memory(ranks);
    return true;
}

bool ranks_begin(struct ranks *ranks, const char *program, struct error *error)
{
    struct launcher launcher = launcher_read();
    double timeout_seconds;
    bool ok = ranks_read_timeout(&timeout_seconds, error);

    *ranks = (struct ranks){.count = 1, .node_count = 1, .program = program};
    if (ok && ranks_is_launched(&launcher))
        ok = ranks_join(ranks, error);
    if (ranks->transport)
        ranks->transport->timeout_seconds = timeout_seconds;
    if (ok)
        ok = launcher_check(&launcher, ranks->count, LIBRARY, error);
    return ok;
}

void ranks_end(struct ranks *ranks)
{
    struct ranks_transport *transport = ranks->transport;

    if (transport && transport->is_joined) {
        MPI_Barrier(transport->world);
        MPI_Comm_free(&transport->node);
        MPI_Comm_free(&transport->world);
        MPI_Finalize();
    }
    for (int i = 0; transport && i < RANKS_NUM_CHANNELS; i++)
        free(transport->channels[i].requests);
    free(transport);
    free(ranks->scratch);
    free(ranks->blocks);
    free(ranks->values);
    *ranks = (struct ranks){.count = 1, .node_count = 1};
}

/* ---- messages ---- */

/* Room for one more request. */
static MPI_Request *ranks_add_request(struct ranks *ranks, struct channel *channel)
{
    if (channel->num_requests == channel->max_requests) {
        int max_requests = channel->max_requests > 0 ? 2 * channel->max_requests : 64;
        MPI_Request *requests =
            realloc(channel->requests, (size_t)max_requests * sizeof(MPI_Request));

        if (!requests)
            ranks_give_up_memory(ranks);
        channel->requests = requests;
        channel->max_requests = max_requests;
    }
    return &channel->requests[channel->num_requests++];
}

static void ranks_start_one(struct ranks *ranks, enum ranks_channel channel,
                            const struct ranks_message *message, bool is_send)
{
    struct ranks_transport *transport = ranks->transport;

    for (size_t done = 0; done < message->nbytes;) {
        size_t left = message->nbytes - done;
        int nbytes = (int)(left < MAX_MESSAGE_NBYTES ? left : MAX_MESSAGE_NBYTES);
        char *data = (char *)message->data + done;
        MPI_Request *request = ranks_add_request(ranks, &transport->channels[channel]);

        if (is_send) {
            MPI_Isend(data, nbytes, MPI_BYTE, (int)message->peer, channel, transport->world,
                      request);
            ranks->num_messages++;
            ranks->num_bytes += (uint64_t)nbytes;
        } else {
            MPI_Irecv(data, nbytes, MPI_BYTE, (int)message->peer, channel, transport->world,
                      request);
        }
        done += (size_t)nbytes;
    }
}

void ranks_start(struct ranks *ranks, enum ranks_channel channel,
                 const struct ranks_message *receives, size_t num_receives,
                 const struct ranks_message *sends, size_t num_sends)
{
    if (!ranks->transport)
        return;
    assert(ranks->transport->channels[channel].num_requests == 0);
    for (size_t i = 0; i < num_receives; i++)
        ranks_start_one(ranks, channel, &receives[i], false);
    for (size_t i = 0; i < num_sends; i++)
        ranks_start_one(ranks, channel, &sends[i], true);
}

/*
 * Called again and again by a rank that has waited for so many seconds.  A rank that is asked to
 * stop answers within the time of a step; when one does not, it is lost, and the launcher is about
 * to end all.  Ranks 0 and 1 both warn of that, because one of them may be the lost one.
 */
static void ranks_watch(struct ranks *ranks, double seconds)
{
    struct ranks_transport *transport = ranks->transport;

    if (signals_stop_requested() && !transport->has_warned && seconds > seconds_until_warning &&
        ranks->index < 2) {
        transport->has_warned = true;
        progress_message(ranks->program,
                         "rank %zu of %zu: asked to stop, but another rank does not answer and may "
                         "be lost; the same command with --resume goes on from the newest "
                         "checkpoint",
                         ranks->index, ranks->count);
    }
    if (seconds < transport->timeout_seconds)
        return;
    progress_message(
        ranks->program,
        "rank %zu of %zu: no word from another rank for %g s (QUERN_RANK_TIMEOUT); "
        "ending all; the same command with --resume goes on from the newest checkpoint",
        ranks->index, ranks->count, transport->timeout_seconds);
    MPI_Abort(transport->world, STATUS_IO);
}

void ranks_finish(struct ranks *ranks, enum ranks_channel channel)
{
    struct ranks_transport *transport = ranks->transport;
    struct channel *pending = transport ? &transport->channels[channel] : NULL;
    double start = 0;
    int is_done = 0;

    if (!transport)
        return;
    for (uint64_t num_tests = 1;; num_tests++) {
        MPI_Testall(pending->num_requests, pending->requests, &is_done, MPI_STATUSES_IGNORE);
        if (is_done)
            break;
        if (num_tests >= TESTS_BEFORE_YIELD)
            sched_yield();
        if (channel == RANKS_OTHERS && num_tests >= TESTS_BEFORE_SLEEP)
            nanosleep(&(struct timespec){.tv_nsec = SLEEP_NANOSECONDS}, NULL);
        if (!ranks->is_timed || num_tests < TESTS_BEFORE_YIELD)
            continue;
        if (start == 0)
            start = progress_seconds();
        ranks_watch(ranks, progress_seconds() - start);
    }
    pending->num_requests = 0;
}

void ranks_add(struct ranks *ranks, uint64_t *sums, size_t count)
{
    if (!ranks->transport)
        return;
    for (size_t done = 0; done < count;) {
        size_t left = count - done;
        int num_sums = (int)(left < MAX_MESSAGE_NBYTES ? left : MAX_MESSAGE_NBYTES);

        MPI_Iallreduce(MPI_IN_PLACE, sums + done, num_sums, MPI_UINT64_T, MPI_SUM,
                       ranks->transport->world,
                       ranks_add_request(ranks, &ranks->transport->channels[RANKS_OTHERS]));
        ranks_finish(ranks, RANKS_OTHERS);
        done += (size_t)num_sums;
    }
}

/* ---- shared memory ---- */

bool ranks_share(struct ranks *ranks, size_t nbytes, struct ranks_shared *shared,
                 struct error *error)
{
    struct ranks_window *window = NULL;
    MPI_Aint size;
    int unit;
    void *own;

    *shared = (struct ranks_shared){0};
    if (!ranks->transport)
        return memory_allocate(&shared->memory, nbytes, 1, error);
    memory_allocate(&window, 1, sizeof(*window), error);
    if (!ranks_agree(ranks, error)) {
        free(window);
        return error_ok(error);
    }
    /* The node's first rank allocates all of it. */
    size = ranks->node_index == 0 ? (MPI_Aint)(nbytes + MEMORY_ALIGNMENT) : 0;
    MPI_Comm_set_errhandler(ranks->transport->node, MPI_ERRORS_RETURN);
    if (MPI_Win_allocate_shared(size, 1, MPI_INFO_NULL, ranks->transport->node, &own,
                                &window->window) != MPI_SUCCESS)
        error_set(error, STATUS_INTERNAL, NULL,
                  "no memory for %zu bytes that the ranks of a node share", nbytes);
    MPI_Comm_set_errhandler(ranks->transport->node, MPI_ERRORS_ARE_FATAL);
    if (!ranks_agree(ranks, error)) {
        free(window);
        return error_ok(error);
    }
    MPI_Win_shared_query(window->window, 0, &size, &unit, &shared->memory);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window->window);
    shared->memory = (void *)(((uintptr_t)shared->memory + MEMORY_ALIGNMENT - 1) /
                              MEMORY_ALIGNMENT * MEMORY_ALIGNMENT);
    shared->window = window;
    return true;
}

void ranks_unshare(struct ranks *ranks, struct ranks_shared *shared)
{
    (void)ranks;
    if (shared->window) {
        MPI_Win_unlock_all(shared->window->window);
        MPI_Win_free(&shared->window->window);
        free(shared->window);
    } else {
        free(shared->memory);
    }
    *shared = (struct ranks_shared){0};
}

void ranks_node_barrier(struct ranks *ranks, const struct ranks_shared *shared)
{
    if (!shared->window)
        return;
    MPI_Win_sync(shared->window->window);
    MPI_Ibarrier(ranks->transport->node,
                 ranks_add_request(ranks, &ranks->transport->channels[RANKS_OTHERS]));
    ranks_finish(ranks, RANKS_OTHERS);
    MPI_Win_sync(shared->window->window);
}
