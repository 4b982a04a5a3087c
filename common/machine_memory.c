#include "common/machine_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/text.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The number in a file of one; UINT64_MAX for "max" and for a file that is not there. */
static uint64_t read_limit(const char *path)
{
    FILE *file = fopen(path, "re");
    uint64_t limit = UINT64_MAX;

    if (!file)
        return UINT64_MAX;
    if (fscanf(file, "%" SCNu64, &limit) != 1)
        limit = UINT64_MAX;
    fclose(file);
    return limit;
}

/* The least limit of a control group and those it is in; a group may be mounted as "/". */
static uint64_t limit_of_group(const char *mount, const char *group, const char *name)
{
    char path[4096];
    uint64_t limit = read_limit(text_format(path, sizeof(path), "%s/%s", mount, name));
    size_t length = strlen(group);

    while (length > 1) {
        limit = least(limit, read_limit(text_format(path, sizeof(path), "%s%.*s/%s", mount,
                                                    (int)length, group, name)));
        while (length > 0 && group[--length] != '/')
            continue;
    }
    return limit;
}

/* Lines are "NUMBER:CONTROLLERS:GROUP"; of version 2 "0::GROUP". */
static uint64_t limit_of_groups(void)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    uint64_t limit = UINT64_MAX;
    char line[4096];

    if (!file)
        return limit;
    while (fgets(line, sizeof(line), file)) {
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;

        if (!group)
            continue;
        *group++ = '\0';
        group[strcspn(group, "\n")] = '\0';
        if (strcmp(controllers, ":") == 0)
            limit = least(limit, limit_of_group("/sys/fs/cgroup", group, "memory.max"));
        else if (strstr(controllers, "memory"))
            limit = least(limit,
                          limit_of_group("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
    fclose(file);
    return limit;
}

uint64_t machine_memory_nbytes(void)
{
    long num_pages = sysconf(_SC_PHYS_PAGES), page_nbytes = sysconf(_SC_PAGESIZE);
    uint64_t limit = limit_of_groups();
    struct rlimit address_space;

    if (num_pages > 0 && page_nbytes > 0)
        limit = least(limit, (uint64_t)num_pages * (uint64_t)page_nbytes);
    if (getrlimit(RLIMIT_AS, &address_space) == 0 && address_space.rlim_cur != RLIM_INFINITY)
        limit = least(limit, address_space.rlim_cur);
    return limit;
}
