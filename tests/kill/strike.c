/*
 * Runs a command in a process group of its own and sends it a signal at a chosen instant, closer
 * than a shell can.  Ends when every process of the group has ended, with the command's exit
 * status, or 128 + N when signal N ended it.
 */
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "Usage: strike [OPTION...] COMMAND...\n"
    "  --signal NAME     KILL, TERM, INT, HUP, USR1 or USR2 (default: none, the command ends by "
    "itself)\n"
    "  --when PATTERN    wait until a file of that name exists (* and ? as in a shell)\n"
    "  --caught          wait until the command has a handler for the signal\n"
    "  --after SECONDS   and then for so long, before the signal\n"
    "  --again SECONDS   send it once more after so long\n"
    "  --poke SECONDS    until then, send SIGUSR2 each time so long has passed\n"
    "  --leader          to the command's own process only, not to its group\n"
    "  --pid FILE        write the number of the command's process to FILE\n"
    "  --time FILE       write to FILE how many seconds the command took\n";

struct plan {
    int signal;
    const char *when;
    double after_seconds;
    double again_seconds; /* negative: once */
    double poke_seconds;  /* 0: never */
    bool leader, caught;
    const char *pid;
    const char *time;
    char **command;
};

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"KILL", SIGKILL}, {"STOP", SIGSTOP}, {"TERM", SIGTERM}, {"HUP", SIGHUP},
    {"INT", SIGINT},   {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
};

static void fail(const char *what)
{
    fprintf(stderr, "strike: %s\n%s", what, usage);
    exit(2);
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Under another name first, for a reader that waits for the file. */
static void write_number(const char *path, const char *format, double number)
{
    char temporary[1024];
    FILE *file;

    snprintf(temporary, sizeof(temporary), "%s.new", path);
    file = fopen(temporary, "w");
    if (!file || fprintf(file, format, number) < 0 || fclose(file) != 0 ||
        rename(temporary, path) != 0) {
        perror(path);
        exit(2);
    }
}

static double take_seconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds >= 0 && seconds < 1e6))
        fail("a number of seconds is wrong");
    return seconds;
}

static int take_signal(const char *name)
{
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    fail("unknown signal");
    return 0;
}

static struct plan take_arguments(char **argument)
{
    struct plan plan = {.again_seconds = -1};

    for (argument++; *argument && strncmp(*argument, "--", 2) == 0; argument++) {
        const char *option = *argument;

        if (strcmp(option, "--leader") == 0 || strcmp(option, "--caught") == 0) {
            *(option[2] == 'l' ? &plan.leader : &plan.caught) = true;
            continue;
        }
        if (!*++argument)
            fail("an option has no value");
        if (strcmp(option, "--signal") == 0)
            plan.signal = take_signal(*argument);
        else if (strcmp(option, "--when") == 0)
            plan.when = *argument;
        else if (strcmp(option, "--after") == 0)
            plan.after_seconds = take_seconds(*argument);
        else if (strcmp(option, "--again") == 0)
            plan.again_seconds = take_seconds(*argument);
        else if (strcmp(option, "--poke") == 0)
            plan.poke_seconds = take_seconds(*argument);
        else if (strcmp(option, "--pid") == 0)
            plan.pid = *argument;
        else if (strcmp(option, "--time") == 0)
            plan.time = *argument;
        else
            fail("unknown option");
    }
    if (!*argument)
        fail("no command");
    plan.command = argument;
    return plan;
}

/* Sleeps, but no longer than the command lives.  True if it has ended: *status tells how. */
static bool rest(pid_t child, double seconds, int *status)
{
    sigset_t set;
    double end = seconds_now() + seconds;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (;;) {
        double left = end - seconds_now();
        struct timespec time = {.tv_sec = left > 0 ? (time_t)left : 0};
        pid_t ended;

        while ((ended = waitpid(-1, status, WNOHANG)) > 0)
            if (ended == child)
                return true;
        if (left <= 0)
            return false;
        time.tv_nsec = (long)(1e9 * (left - (double)time.tv_sec));
        sigtimedwait(&set, NULL, &time);
    }
}

/* Starts the command as a shell in the foreground would: no signal ignored or blocked. */
static pid_t start(char **command)
{
    sigset_t set;
    pid_t child;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    /* Orphans of the group come to this process, which waits for them. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    child = fork();
    if (child < 0) {
        perror("strike: fork");
        exit(2);
    }
    if (child > 0) {
        setpgid(child, child);
        return child;
    }
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (signals[i].number != SIGKILL && signals[i].number != SIGSTOP)
            signal(signals[i].number, SIG_DFL);
    execvp(command[0], command);
    fprintf(stderr, "strike: %s: %s\n", command[0], strerror(errno));
    _exit(2);
}

/* True if a file whose name fits the pattern exists. */
static bool is_there(const char *pattern)
{
    glob_t found;
    bool is_found = glob(pattern, 0, NULL, &found) == 0;

    globfree(&found);
    return is_found;
}

/* True if the process would not simply die of this signal. */
static bool is_caught(pid_t child, int signal)
{
    char path[64], line[256];
    unsigned long long mask = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/status", (long)child);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, "SigCgt:", 7) == 0)
            mask = strtoull(line + 7, NULL, 16);
    if (file)
        fclose(file);
    return mask >> (signal - 1) & 1;
}

/* As rest, with pokes. */
static bool rest_and_poke(const struct plan *plan, pid_t child, int *status)
{
    double left = plan->after_seconds;

    while (plan->poke_seconds > 0 && left > plan->poke_seconds) {
        if (rest(child, plan->poke_seconds, status))
            return true;
        if (is_caught(child, SIGUSR2))
            kill(child, SIGUSR2);
        left -= plan->poke_seconds;
    }
    return rest(child, left, status);
}

static int follow(const struct plan *plan, pid_t child)
{
    pid_t target = plan->leader ? child : -child;
    int status = 0;

    if (!plan->signal)
        goto wait;
    while ((plan->when && !is_there(plan->when)) ||
           (plan->caught && !is_caught(child, plan->signal)))
        if (rest(child, 0.0005, &status))
            return status;
    if (rest_and_poke(plan, child, &status))
        return status;
    kill(target, plan->signal);
    if (plan->again_seconds >= 0) {
        if (rest(child, plan->again_seconds, &status))
            return status;
        kill(target, plan->signal);
    }
wait:
    while (!rest(child, 1000, &status))
        continue;
    return status;
}

int main(int argc, char **argv)
{
    struct plan plan;
    double begin = seconds_now(), end;
    pid_t child;
    int status;

    (void)argc;
    plan = take_arguments(argv);
    child = start(plan.command);
    if (plan.pid)
        write_number(plan.pid, "%.0f\n", child);
    status = follow(&plan, child);
    end = seconds_now();
    if (plan.signal == SIGKILL)
        kill(-child, SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        continue;
    if (plan.time)
        write_number(plan.time, "%.4f\n", end - begin);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
