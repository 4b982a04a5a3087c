#include "train/ranks/launcher.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/text.h"

static bool read_number(const char *variable, uint64_t *number)
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

        if (!read_number(sources[i].size, &launcher.num_processes))
            continue;
        if (!read_number(sources[i].rank, &launcher.rank))
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
