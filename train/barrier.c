#include "train/barrier.h"

#include <omp.h>
#include <sched.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* Some ten microseconds: about what it takes to sleep and to be woken. */
enum { NUM_LOOKS = 1000 };

static inline void pause_processor(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory"); /* yield does nothing on most; this waits some cycles */
#endif
}

/* Returns soon after *word is no longer value, or for no reason. */
static void sleep_while(_Atomic uint32_t *word, uint32_t value)
{
#ifdef __linux__
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
#else
    (void)word;
    (void)value;
    sched_yield();
#endif
}

static void wake_all(_Atomic uint32_t *word)
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
    /* Who waits for a thread without a processor keeps it from getting one. */
    barrier->num_looks = (int)num_threads <= omp_get_num_procs() ? NUM_LOOKS : 0;
    atomic_init(&barrier->num_arrived, 0);
    atomic_init(&barrier->round, 0);
    atomic_init(&barrier->num_sleepers, 0);
}

static void release(struct barrier *barrier, uint32_t round)
{
    atomic_store_explicit(&barrier->num_arrived, 0, memory_order_relaxed);
    /* In one order with the sleepers' steps: either this sees them counted, or they see the new
     * round before they sleep. */
    atomic_store(&barrier->round, round + 1);
    if (atomic_load(&barrier->num_sleepers) > 0)
        wake_all(&barrier->round);
}

void barrier_wait(struct barrier *barrier)
{
    const uint32_t round = atomic_load_explicit(&barrier->round, memory_order_relaxed);

    if (barrier->num_threads == 1)
        return;
    if (atomic_fetch_add(&barrier->num_arrived, 1) + 1 == barrier->num_threads) {
        release(barrier, round);
        return;
    }
    for (unsigned i = 0; i < barrier->num_looks; i++) {
        if (atomic_load_explicit(&barrier->round, memory_order_acquire) != round)
            return;
        pause_processor();
    }
    atomic_fetch_add(&barrier->num_sleepers, 1);
    while (atomic_load(&barrier->round) == round)
        sleep_while(&barrier->round, round);
    atomic_fetch_sub(&barrier->num_sleepers, 1);
}
