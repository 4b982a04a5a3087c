/*
 * What the launcher (mpirun, srun) said of this process in its environment: how many processes it
 * started, and which one this is.  A program that cannot find the others otherwise believes that it
 * is alone, and as many as were started would each train the whole model, into one folder.
 */
#ifndef QUERN_TRAIN_LAUNCHER_H
#define QUERN_TRAIN_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

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

#endif
