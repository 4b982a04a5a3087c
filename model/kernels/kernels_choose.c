#include <stdlib.h>
#include <string.h>

#include "model/kernels/kernels.h"

extern const struct kernels kernels_baseline;
#ifdef QUERN_KERNELS_X86_64
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
#endif

size_t kernels_list(const struct kernels *tables[KERNELS_MAX_TABLES])
{
    size_t count = 0;

    tables[count++] = &kernels_baseline;
#ifdef QUERN_KERNELS_X86_64
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        tables[count++] = &kernels_avx2;
        if (__builtin_cpu_supports("avx512f"))
            tables[count++] = &kernels_avx512;
    }
#endif
    return count;
}

bool kernels_choose(const struct kernels **kernels, struct error *error)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t count = kernels_list(tables);
    const char *name = getenv("QUERN_CPU");
    char expected[100];

    *kernels = tables[count - 1];
    if (!name || name[0] == '\0')
        return true;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, tables[i]->name) == 0) {
            *kernels = tables[i];
            return true;
        }
    }

    expected[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        strncat(expected, i ? " or " : "", sizeof(expected) - strlen(expected) - 1);
        strncat(expected, tables[i]->name, sizeof(expected) - strlen(expected) - 1);
    }
    return error_set(error, STATUS_USAGE, ERROR_AT(.expected = expected, .found = name),
                     "the environment variable QUERN_CPU names no kernels for this CPU");
}
