/*
 * stopwatch COMMAND [ARGUMENT...]
 *
 * Runs the command with its output sent to stderr, and prints one line to stdout, separated by
 * tabs: elapsed seconds, seconds of CPU time in user mode, in the kernel, and the largest resident
 * size in bytes.  Exits as the command does, with 128 + the signal's number where one killed it.
 *
 * A shell's own clock would add the start of `date`, twice; and its memory figure would be that of
 * a fork of the shell, where the command needs less than a shell.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_CANNOT_RUN = 127, EXIT_SIGNAL = 128 };

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    double start, seconds;
    int wait_status;
    pid_t child;

    if (argc < 2) {
        fprintf(stderr, "Usage: stopwatch COMMAND [ARGUMENT...]\n");
        return EXIT_USAGE;
    }
    start = now();
    child = fork();
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execvp(argv[1], argv + 1);
        fprintf(stderr, "stopwatch: cannot run %s: %s\n", argv[1], strerror(errno));
        _exit(EXIT_CANNOT_RUN);
    }
    if (child < 0) {
        fprintf(stderr, "stopwatch: cannot start a process: %s\n", strerror(errno));
        return EXIT_CANNOT_RUN;
    }
    while (wait4(child, &wait_status, 0, &usage) < 0)
        if (errno != EINTR) {
            fprintf(stderr, "stopwatch: cannot wait: %s\n", strerror(errno));
            return EXIT_CANNOT_RUN;
        }
    seconds = now() - start;
    printf("%.6f\t%.6f\t%.6f\t%ld\n", seconds, seconds_of(usage.ru_utime),
           seconds_of(usage.ru_stime), usage.ru_maxrss * 1024);
    if (WIFSIGNALED(wait_status))
        return EXIT_SIGNAL + WTERMSIG(wait_status);
    return WEXITSTATUS(wait_status);
}
