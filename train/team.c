#include "train/team.h"

#include <omp.h>
#include <sched.h>
#include <stdlib.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "common/memory.h"

/* ---- waiting ---- */

/* Some ten microseconds: about what it takes to sleep and to be woken. */
enum { BARRIER_NUM_LOOKS = 1000 };

static inline void barrier_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory"); /* yield does nothing on most; this waits some cycles */
#endif
}

/* Returns soon after *word is no longer value, or earlier for no reason. */
static void barrier_sleep_while(_Atomic uint32_t *word, uint32_t value)
{
#ifdef __linux__
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
#else
    (void)word;
    (void)value;
    sched_yield();
#endif
}

static void barrier_wake_all(_Atomic uint32_t *word)
{
#ifdef __linux__
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
#else
    (void)word;
#endif
}

void barrier_init(struct barrier *barrier, unsigned num_threads)
{
    barrier->num_threads = num_threads;
    /* A thread that looks again and again may hold the processor that the awaited one needs. */
    barrier->num_looks = (int)num_threads <= omp_get_num_procs() ? BARRIER_NUM_LOOKS : 0;
    atomic_init(&barrier->num_arrived, 0);
    atomic_init(&barrier->round, 0);
    atomic_init(&barrier->num_sleepers, 0);
}

bool barrier_arrive(struct barrier *barrier)
{
    const uint32_t round = atomic_load_explicit(&barrier->round, memory_order_relaxed);

    if (barrier->num_threads == 1)
        return true;
    if (atomic_fetch_add(&barrier->num_arrived, 1) + 1 == barrier->num_threads)
        return true;
    for (unsigned i = 0; i < barrier->num_looks; i++) {
        if (atomic_load_explicit(&barrier->round, memory_order_acquire) != round)
            return false;
        barrier_pause();
    }
    atomic_fetch_add(&barrier->num_sleepers, 1);
    while (atomic_load(&barrier->round) == round)
        barrier_sleep_while(&barrier->round, round);
    atomic_fetch_sub(&barrier->num_sleepers, 1);
    return false;
}

void barrier_release(struct barrier *barrier)
{
    uint32_t round = atomic_load_explicit(&barrier->round, memory_order_relaxed);

    if (barrier->num_threads == 1)
        return;
    atomic_store_explicit(&barrier->num_arrived, 0, memory_order_relaxed);
    /* These two and a sleeper's count and look are in one order: either the sleeper is counted
     * here, or it sees the new round before it sleeps. */
    atomic_store(&barrier->round, round + 1);
    if (atomic_load(&barrier->num_sleepers) > 0)
        barrier_wake_all(&barrier->round);
}

void barrier_wait(struct barrier *barrier)
{
    if (barrier_arrive(barrier))
        barrier_release(barrier);
}

/* ---- memory ---- */

static size_t team_divide_up(size_t numerator, size_t denominator)
{
    return (numerator + denominator - 1) / denominator;
}

/* The longest block that leaves the longest share of a member at most a sixteenth longer. */
size_t team_block_slices(const struct team *team, size_t num_slices)
{
    size_t share = team_divide_up(num_slices, team->num_members), block = 1;

    while (team->adds_blocks && block < num_slices) {
        size_t num_blocks = team_divide_up(num_slices, 2 * block);
        size_t longest = team_divide_up(num_blocks, team->num_members) * 2 * block;

        if (longest > num_slices)
            longest = num_slices;
        if (longest > share + share / 16)
            break;
        block *= 2;
    }
    return block;
}

/* Allocates count arrays of num_parameters floats each, in one piece of memory. */
static bool team_allocate_grads(size_t num_parameters, size_t count, float **memory,
                                float ***arrays, struct error *error)
{
    bool ok = memory_allocate(memory, count, num_parameters * sizeof(float), error) &&
              memory_allocate(arrays, count, sizeof(float *), error);

    for (size_t i = 0; i < count && ok; i++)
        (*arrays)[i] = *memory + i * num_parameters;
    return ok;
}

bool team_create(struct team *team, const struct model *model, size_t max_threads,
                 const size_t num_slices[2], bool adds_blocks, struct error *error)
{
    size_t max_slices = num_slices[0] > num_slices[1] ? num_slices[0] : num_slices[1], depth = 0;
    bool ok;

    *team = (struct team){.num_members = max_threads < max_slices ? max_threads : max_slices,
                          .adds_blocks = adds_blocks};
    if (team->num_members == 0)
        team->num_members = 1;
    for (size_t i = 0; i < 2; i++) {
        size_t block = team_block_slices(team, num_slices[i]);
        size_t num_blocks = team_divide_up(num_slices[i], block);

        team->max_blocks = num_blocks > team->max_blocks ? num_blocks : team->max_blocks;
        while ((size_t)1 << depth < block)
            depth++;
    }
    ok = memory_allocate(&team->members, team->num_members, sizeof(*team->members), error) &&
         team_allocate_grads(model->num_parameters, team->max_blocks, &team->block_memory,
                             &team->block_grads, error);
    for (size_t i = 0; i < team->num_members && ok; i++) {
        struct member *member = &team->members[i];

        ok = model_workspace_create(model, &member->workspace, error) &&
             team_allocate_grads(model->num_parameters, depth, &member->memory, &member->subtrees,
                                 error);
    }
    if (!ok)
        team_destroy(team);
    return ok;
}

void team_create_threads(struct team *team, size_t num_threads)
{
    *team = (struct team){.num_members = num_threads};
}

void team_destroy(struct team *team)
{
    for (size_t i = 0; team->members && i < team->num_members; i++) {
        model_workspace_destroy(&team->members[i].workspace);
        free(team->members[i].memory);
        free(team->members[i].subtrees);
    }
    free(team->members);
    free(team->block_memory);
    free(team->block_grads);
    *team = (struct team){0};
}
