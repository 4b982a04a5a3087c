/* What needs no MPI: the launcher, and what all ranks do together by messages alone. */
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "train/ranks/ranks.h"

/* ---- the launcher ---- */

static bool launcher_read_number(const char *variable, uint64_t *number)
{
    const char *text = getenv(variable);
    char *end;

    if (!text || text[0] < '0' || text[0] > '9')
        return false;
    *number = strtoull(text, &end, 10);
    return *end == '\0';
}

struct launcher launcher_read(void)
{
    /* From the nearest to the farthest: an mpirun inside a Slurm job starts its processes from
     * Slurm steps of one daemon a node, which inherit that step's numbers. */
    static const struct {
        const char *size, *rank;
        bool is_step;
    } sources[] = {
        {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", true},
        {"PMI_SIZE", "PMI_RANK", true},
        {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID", true},
        {"SLURM_NTASKS", "SLURM_PROCID", false},
    };

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        struct launcher launcher = {.variable = sources[i].size, .is_step = sources[i].is_step};

        if (!launcher_read_number(sources[i].size, &launcher.num_processes))
            continue;
        if (!launcher_read_number(sources[i].rank, &launcher.rank))
            launcher.rank = 0;
        return launcher;
    }
    return (struct launcher){.num_processes = 1};
}

bool launcher_check(const struct launcher *launcher, uint64_t world_size, const char *built_with,
                    struct error *error)
{
    const char *advice;

    if (launcher->num_processes == world_size)
        return true;
    if (!launcher->is_step)
        advice = "start it with srun or mpirun, or with srun -n 1 to train in one process";
    else if (!built_with)
        advice = "this quern-train was built without MPI: start one process, or build it with "
                 "-DQUERN_MPI=ON";
    else
        advice = "start it with the launcher of that MPI: its mpirun, or srun with --mpi=pmix for "
                 "Open MPI and --mpi=pmi2 for MPICH";
    return error_set(
        error, STATUS_USAGE,
        ERROR_AT(.expected = TEXT("%s=%" PRIu64, launcher->variable, launcher->num_processes),
                 .found = TEXT("%" PRIu64, world_size)),
        "the processes do not find each other%s%s; %s", built_with ? " by " : "",
        built_with ? built_with : "", advice);
}

/* ---- messages to all ---- */

/*
 * Lists the blocks of ranks first, first + 1, ... (count of them, modulo the number of ranks) as
 * messages with peer, those that follow each other in memory as one.  Returns how many.
 */
static size_t ranks_list_blocks(const struct ranks *ranks, const struct ranks_block *blocks,
                                size_t first, size_t count, size_t peer,
                                struct ranks_message *messages)
{
    size_t num_messages = 0;

    for (size_t i = 0; i < count; i++) {
        const struct ranks_block *block = &blocks[(first + i) % ranks->count];
        struct ranks_message *last = num_messages > 0 ? &messages[num_messages - 1] : NULL;

        if (block->nbytes == 0)
            continue;
        if (last && (char *)last->data + last->nbytes == (char *)block->data)
            last->nbytes += block->nbytes;
        else
            messages[num_messages++] = (struct ranks_message){peer, block->data, block->nbytes};
    }
    return num_messages;
}

/* Bruck, Ho, Kipnis, Upfal, Weathersby, "Efficient algorithms for all-to-all communications in
 * multiport message-passing systems", 1997: the concatenation algorithm. */
void ranks_gather_all(struct ranks *ranks, enum ranks_channel channel,
                      const struct ranks_block *blocks)
{
    struct ranks_message *receives = ranks->scratch, *sends = ranks->scratch + 2 * ranks->count;

    /* This rank holds the blocks of num_held ranks from its own on. */
    for (size_t num_held = 1; num_held < ranks->count; num_held *= 2) {
        size_t left = ranks->count - num_held, num_moved = num_held < left ? num_held : left;
        size_t above = (ranks->index + num_held) % ranks->count;
        size_t below = (ranks->index + ranks->count - num_held) % ranks->count;
        size_t num_receives = ranks_list_blocks(ranks, blocks, above, num_moved, above, receives);
        size_t num_sends = ranks_list_blocks(ranks, blocks, ranks->index, num_moved, below, sends);

        ranks_start(ranks, channel, receives, num_receives, sends, num_sends);
        ranks_finish(ranks, channel);
    }
}

void ranks_broadcast(struct ranks *ranks, void *data, size_t nbytes)
{
    if (ranks->count == 1)
        return;
    memset(ranks->blocks, 0, ranks->count * sizeof(*ranks->blocks));
    ranks->blocks[0] = (struct ranks_block){data, nbytes};
    ranks_gather_all(ranks, RANKS_OTHERS, ranks->blocks);
}

/* Each rank's value, in ranks->values. */
static void ranks_gather_values(struct ranks *ranks, uint64_t value)
{
    ranks->values[ranks->index] = value;
    for (size_t i = 0; i < ranks->count; i++)
        ranks->blocks[i] = (struct ranks_block){&ranks->values[i], sizeof(ranks->values[i])};
    ranks_gather_all(ranks, RANKS_OTHERS, ranks->blocks);
}

uint64_t ranks_max(struct ranks *ranks, uint64_t value)
{
    uint64_t largest = value;

    if (ranks->count == 1)
        return value;
    ranks_gather_values(ranks, value);
    for (size_t i = 0; i < ranks->count; i++)
        largest = ranks->values[i] > largest ? ranks->values[i] : largest;
    return largest;
}

/* Adds to an error which rank it is from. */
static void ranks_name_in(const struct ranks *ranks, struct error *error)
{
    size_t length = strlen(error->what);

    snprintf(error->what + length, sizeof(error->what) - length, " (rank %zu of %zu)", ranks->index,
             ranks->count);
}

bool ranks_agree(struct ranks *ranks, struct error *error)
{
    size_t num_failed = 0, first_failed = 0;

    if (ranks->count == 1)
        return error_ok(error);
    ranks_gather_values(ranks, (uint64_t)error->status);
    for (size_t i = ranks->count; i-- > 0;) {
        if (ranks->values[i] == STATUS_OK)
            continue;
        first_failed = i;
        num_failed++;
    }
    if (num_failed == 0)
        return true;
    if (ranks->index == first_failed && num_failed < ranks->count &&
        error->status != STATUS_STOPPED)
        ranks_name_in(ranks, error);
    memset(ranks->blocks, 0, ranks->count * sizeof(*ranks->blocks));
    ranks->blocks[first_failed] = (struct ranks_block){error, sizeof(*error)};
    ranks_gather_all(ranks, RANKS_OTHERS, ranks->blocks);
    return error_ok(error);
}

/* The processors that a rank may run on. */
struct ranks_place {
    size_t node;
    cpu_set_t processors;
};

size_t ranks_num_processors(struct ranks *ranks)
{
    struct ranks_place *places = calloc(ranks->count, sizeof(*places));
    const struct ranks_place *mine = places ? &places[ranks->index] : NULL;
    size_t num_processors = 0, num_alike = 0;

    /* Gathering is collective: all ranks take part, or none. */
    if (ranks_max(ranks, places == NULL))
        goto out;
    places[ranks->index].node = ranks->node;
    if (sched_getaffinity(0, sizeof(cpu_set_t), &places[ranks->index].processors) == 0)
        num_processors = (size_t)CPU_COUNT(&mine->processors);
    for (size_t i = 0; i < ranks->count; i++)
        ranks->blocks[i] = (struct ranks_block){&places[i], sizeof(places[i])};
    ranks_gather_all(ranks, RANKS_OTHERS, ranks->blocks);
    for (size_t i = 0; i < ranks->count; i++)
        num_alike +=
            places[i].node == mine->node && CPU_EQUAL(&places[i].processors, &mine->processors);
    if (num_processors > 0)
        num_processors = num_processors > num_alike ? num_processors / num_alike : 1;
out:
    free(places);
    return num_processors;
}
