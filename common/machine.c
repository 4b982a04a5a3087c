#include "common/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/file.h"
#include "common/progress.h"
#include "common/text.h"

enum { MAX_PATH = 4096, MAX_GROUPS_NBYTES = 65536 };

/* ---- control groups ---- */

/*
 * Reads a file of /proc or of a control group, whose size the system does not tell before it is
 * read.  Returns false, with an empty text, for one that is not there.
 */
static bool machine_read_file(const char *path, char *text, size_t size)
{
    struct error ignored = {0};
    int descriptor = file_open(path, NULL, &ignored);
    ssize_t count = descriptor < 0 ? -1 : file_read_some_at(descriptor, text, size - 1, 0);

    file_close(&descriptor);
    text[count > 0 ? count : 0] = '\0';
    return count > 0;
}

/* memory.max and memory.limit_in_bytes hold a number, or "max". */
static void machine_take_memory(const char *directory, const char *name,
                                struct machine_group_limits *limits)
{
    char path[MAX_PATH], text[64];
    uint64_t nbytes;

    text_format(path, sizeof(path), "%s/%s", directory, name);
    if (machine_read_file(path, text, sizeof(text)) && sscanf(text, "%" SCNu64, &nbytes) == 1 &&
        nbytes < limits->memory_nbytes)
        limits->memory_nbytes = nbytes;
}

static void machine_take_quota(double quota, double period, struct machine_group_limits *limits)
{
    if (quota > 0 && period > 0 && quota / period < limits->num_processors)
        limits->num_processors = quota / period;
}

/* cpu.max holds a quota and a period in microseconds, "max" for no quota. */
static void machine_take_processors_v2(const char *directory, struct machine_group_limits *limits)
{
    char path[MAX_PATH], text[64];
    double quota, period;

    text_format(path, sizeof(path), "%s/cpu.max", directory);
    if (machine_read_file(path, text, sizeof(text)) &&
        sscanf(text, "%lf %lf", &quota, &period) == 2)
        machine_take_quota(quota, period, limits);
}

/* The same in two files, -1 for no quota. */
static void machine_take_processors_v1(const char *directory, struct machine_group_limits *limits)
{
    char path[MAX_PATH], text[64];
    double quota, period;

    text_format(path, sizeof(path), "%s/cpu.cfs_quota_us", directory);
    if (!machine_read_file(path, text, sizeof(text)) || sscanf(text, "%lf", &quota) != 1)
        return;
    text_format(path, sizeof(path), "%s/cpu.cfs_period_us", directory);
    if (machine_read_file(path, text, sizeof(text)) && sscanf(text, "%lf", &period) == 1)
        machine_take_quota(quota, period, limits);
}

enum controllers { CONTROLLERS_V2, CONTROLLERS_MEMORY, CONTROLLERS_CPU };

static void machine_take_group(const char *directory, enum controllers controllers,
                               struct machine_group_limits *limits)
{
    switch (controllers) {
    case CONTROLLERS_V2:
        machine_take_memory(directory, "memory.max", limits);
        machine_take_processors_v2(directory, limits);
        break;
    case CONTROLLERS_MEMORY:
        machine_take_memory(directory, "memory.limit_in_bytes", limits);
        break;
    case CONTROLLERS_CPU:
        machine_take_processors_v1(directory, limits);
        break;
    }
}

/*
 * A group and all groups above it limit the process.  In a container the path of the group is often
 * that of the host, while the group itself is mounted where the topmost one would be: directories
 * that are not there are passed over.
 */
static void machine_take_groups_above(const char *mount, const char *group,
                                      enum controllers controllers,
                                      struct machine_group_limits *limits)
{
    char directory[MAX_PATH];
    size_t length = strlen(group);

    machine_take_group(mount, controllers, limits);
    while (length > 1) {
        text_format(directory, sizeof(directory), "%s%.*s", mount, (int)length, group);
        machine_take_group(directory, controllers, limits);
        while (length > 0 && group[--length] != '/')
            continue;
    }
}

/* Is name in a list with commas?  "cpuset" is not "cpu". */
static bool machine_list_has(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (const char *item = list; item; item = strchr(item, ',')) {
        item += *item == ',';
        if (strncmp(item, name, length) == 0 && (item[length] == ',' || item[length] == '\0'))
            return true;
    }
    return false;
}

struct machine_group_limits machine_read_group_limits(const char *root)
{
    struct machine_group_limits limits = {.memory_nbytes = UINT64_MAX, .num_processors = INFINITY};
    char path[MAX_PATH], text[MAX_GROUPS_NBYTES], *next = text;

    text_format(path, sizeof(path), "%s/proc/self/cgroup", root);
    machine_read_file(path, text, sizeof(text));
    /* Lines are "NUMBER:CONTROLLERS:GROUP"; of version 2 "0::GROUP". */
    while (next) {
        char *group = strsep(&next, "\n"), *number = strsep(&group, ":");
        char *controllers = group ? strsep(&group, ":") : NULL;

        if (!group || !number)
            continue;
        if (controllers[0] == '\0')
            machine_take_groups_above(text_format(path, sizeof(path), "%s/sys/fs/cgroup", root),
                                      group, CONTROLLERS_V2, &limits);
        if (machine_list_has(controllers, "memory"))
            machine_take_groups_above(
                text_format(path, sizeof(path), "%s/sys/fs/cgroup/memory", root), group,
                CONTROLLERS_MEMORY, &limits);
        if (machine_list_has(controllers, "cpu"))
            machine_take_groups_above(text_format(path, sizeof(path), "%s/sys/fs/cgroup/cpu", root),
                                      group, CONTROLLERS_CPU, &limits);
    }
    return limits;
}

/* ---- memory ---- */

uint64_t machine_memory_nbytes(void)
{
    long num_pages = sysconf(_SC_PHYS_PAGES), page_nbytes = sysconf(_SC_PAGESIZE);
    uint64_t limit = machine_read_group_limits("").memory_nbytes;
    struct rlimit address_space;

    if (num_pages > 0 && page_nbytes > 0 && (uint64_t)num_pages < limit / (uint64_t)page_nbytes)
        limit = (uint64_t)num_pages * (uint64_t)page_nbytes;
    if (getrlimit(RLIMIT_AS, &address_space) == 0 && address_space.rlim_cur != RLIM_INFINITY &&
        address_space.rlim_cur < limit)
        limit = address_space.rlim_cur;
    return limit;
}

/* ---- threads ---- */

/* The first number of a list such as "4" or "4,2", between blanks; 0 for anything else. */
static uint64_t machine_first_number(const char *list)
{
    unsigned long long number;
    char after;
    int count = list && !strchr(list, '-') ? sscanf(list, "%llu %c", &number, &after) : 0;

    return count == 1 || (count == 2 && after == ',') ? number : 0;
}

/* Threads that wait until all of them are counted. */
static void *machine_wait(void *mutex)
{
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return NULL;
}

int machine_startable_threads(int count)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[MACHINE_MAX_THREADS];
    int num_started = 0;

    if (count > MACHINE_MAX_THREADS)
        count = MACHINE_MAX_THREADS;
    pthread_mutex_lock(&mutex);
    while (num_started + 1 < count &&
           pthread_create(&threads[num_started], NULL, machine_wait, &mutex) == 0)
        num_started++;
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < num_started; i++)
        pthread_join(threads[i], NULL);
    return num_started + 1 >= count ? count : (num_started + 2) / 2;
}

/* Leaves out those that cannot be started. */
static void machine_limit_threads(struct machine_threads *threads)
{
    int count = machine_startable_threads(threads->count);
    char rule[sizeof(threads->rule)];

    if (count == threads->count)
        return;
    progress_message(program_invocation_short_name,
                     "note: the limits of this process (ulimit -u, ulimit -v, the control group's "
                     "pids.max) do not let it start %d threads; working with %d",
                     threads->count, count);
    text_format(rule, sizeof(rule), "%s, less what cannot be started", threads->rule);
    memcpy(threads->rule, rule, sizeof(rule));
    threads->count = count;
}

struct machine_threads machine_choose_threads(uint64_t given)
{
    uint64_t from_environment = machine_first_number(getenv("OMP_NUM_THREADS"));
    double quota = machine_read_group_limits("").num_processors;
    uint64_t num_processors = (uint64_t)omp_get_num_procs();
    struct machine_threads threads = {.is_asked_for = given > 0 || from_environment > 0};
    uint64_t count;

    if (given) {
        count = given;
        text_format(threads.rule, sizeof(threads.rule), "--threads");
    } else if (from_environment) {
        count = from_environment;
        text_format(threads.rule, sizeof(threads.rule), "OMP_NUM_THREADS");
    } else if (ceil(quota) < (double)num_processors) {
        count = (uint64_t)ceil(quota);
        text_format(threads.rule, sizeof(threads.rule),
                    "control group quota of %.3g of %" PRIu64 " processors", quota, num_processors);
    } else {
        count = num_processors;
        text_format(threads.rule, sizeof(threads.rule), "processors");
    }
    threads.count = count < MACHINE_MAX_THREADS ? (int)count : MACHINE_MAX_THREADS;
    machine_limit_threads(&threads);
    return threads;
}
