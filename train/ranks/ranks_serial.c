/* A build without MPI: a world of one rank. */
#include <assert.h>
#include <stdlib.h>

#include "common/memory.h"
#include "train/ranks/ranks.h"

const char *ranks_library(void)
{
    return "none";
}

bool ranks_begin(struct ranks *ranks, const char *program, struct error *error)
{
    struct launcher launcher = launcher_read();

    *ranks = (struct ranks){.count = 1, .node_count = 1, .program = program};
    return launcher_check(&launcher, 1, NULL, error);
}

void ranks_end(struct ranks *ranks)
{
    (void)ranks;
}

void ranks_start(struct ranks *ranks, enum ranks_channel channel,
                 const struct ranks_message *receives, size_t num_receives,
                 const struct ranks_message *sends, size_t num_sends)
{
    (void)ranks, (void)channel, (void)receives, (void)sends;
    assert(num_receives == 0 && num_sends == 0); /* there is nobody */
    (void)num_receives, (void)num_sends;
}

void ranks_finish(struct ranks *ranks, enum ranks_channel channel)
{
    (void)ranks, (void)channel;
}

void ranks_add(struct ranks *ranks, uint64_t *sums, size_t count)
{
    (void)ranks, (void)sums, (void)count;
}

bool ranks_share(struct ranks *ranks, size_t nbytes, struct ranks_shared *shared,
                 struct error *error)
{
    (void)ranks;
    *shared = (struct ranks_shared){0};
    return memory_allocate(&shared->memory, nbytes, 1, error);
}

void ranks_unshare(struct ranks *ranks, struct ranks_shared *shared)
{
    (void)ranks;
    free(shared->memory);
    *shared = (struct ranks_shared){0};
}

void ranks_node_barrier(struct ranks *ranks, const struct ranks_shared *shared)
{
    (void)ranks, (void)shared;
}
