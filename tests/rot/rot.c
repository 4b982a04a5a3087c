/*
 * Damages a file in many ways, has it read after each, and counts what came of it.
 *
 *     rot KIND FILE [STEP]     KIND: store, store-unverified, shard, checkpoint, evaluation,
 *                              evaluation-rewritten
 *
 * Every STEP-th byte (by default each) is damaged twice, by one bit and by all eight, and the file
 * is cut to every STEP-th length; at the end it is as it was.  The reader runs in a child process,
 * which is replaced when it dies.  Prints one line of counts.  Exit status 1 when
 *   - a sealed file that is damaged before its seal is accepted, whatever it then gives;
 *   - an accepted file gives another result;
 *   - a file is refused without its name, or by another status than "bad data";
 *   - reading a file with a whole seal in front kills the process.
 * For a file without a seal (KIND store-unverified likewise, which does not look at the CRC-32 of
 * the seal) HDF5 parses damaged bytes: deaths in it are counted and are no failure.  KIND
 * evaluation-rewritten is the reverse: scores have no checksum but the seal, so other results are
 * counted, and deaths are failures.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/file/seal.h"
#include "formats/hdf5/hdf5.h"
#include "tests/rot/contents.h"
#include "tests/support.h"

enum kind { STORE, STORE_UNVERIFIED, SHARD, CHECKPOINT, EVALUATION, EVALUATION_REWRITTEN };
static const char *const kind_names[] = {"store",      "store-unverified", "shard",
                                         "checkpoint", "evaluation",       "evaluation-rewritten"};

enum outcome {
    REFUSED,
    HARMLESS,          /* accepted, with the same contents */
    OTHER_INFORMATION, /* accepted, with the same results; paths, source or such differ */
    OTHER_RESULT,
    WRONG_REFUSAL,   /* another status, or the file is not named */
    ACCEPTED_UNSEEN, /* accepted though a byte before a whole seal has changed */
    LEAKED,
    DIED,
    HUNG,
    NUM_OUTCOMES
};
static const char *const outcome_names[NUM_OUTCOMES] = {
    "refused",           "harmless",      "OTHER INFORMATION",
    "OTHER RESULT",      "WRONG REFUSAL", "DAMAGE NOT NOTICED",
    "HANDLES LEFT OPEN", "DIED",          "HUNG"};

enum damage { ONE_BIT, ALL_BITS, CUT, NUM_DAMAGES };
static const char *const damage_names[NUM_DAMAGES] = {"one bit of", "all bits of", "cut at"};

/* What the children tell the parent; shared memory. */
struct progress_report {
    uint64_t next; /* the damage that is being tried */
    uint64_t counts[NUM_OUTCOMES];
    uint64_t num_shown;
};

struct subject {
    enum kind kind;
    const char *path; /* is damaged and mended */
    unsigned char *bytes;
    size_t nbytes;
    uint64_t step;
    bool is_sealed;
    struct contents contents;
    struct progress_report *report;
};

enum { MAX_SHOWN = 12, MAX_READ_SECONDS = 60 };

static bool read_contents(const struct subject *subject, struct contents *contents,
                          struct error *error)
{
    const char *path = subject->path;

    memset(contents, 0, sizeof(*contents));
    switch (subject->kind) {
    case STORE_UNVERIFIED:
        return contents_read_store_unverified(path, contents, error);
    case SHARD:
        return contents_read_shard(path, contents, error);
    case CHECKPOINT:
        return contents_read_checkpoint(path, contents, error);
    case EVALUATION:
    case EVALUATION_REWRITTEN:
        return contents_read_evaluation(path, contents, error);
    default:
        return contents_read_store(path, contents, error);
    }
}

static uint64_t num_tries(const struct subject *subject)
{
    return (subject->nbytes + subject->step - 1) / subject->step * NUM_DAMAGES;
}

/* Applies damage to the copy on disk, or takes it back. */
static void apply(const struct subject *subject, enum damage damage, uint64_t position,
                  bool is_undone)
{
    int descriptor = open(subject->path, O_WRONLY);
    unsigned char byte = subject->bytes[position];
    size_t num_cut = subject->nbytes - position;

    assert_true(descriptor >= 0);
    if (damage != CUT) {
        if (!is_undone)
            byte ^= damage == ALL_BITS ? 0xff : 1u << position / subject->step % 8;
        assert_int_equal(pwrite(descriptor, &byte, 1, (off_t)position), 1);
    } else if (is_undone) {
        assert_int_equal(pwrite(descriptor, subject->bytes + position, num_cut, (off_t)position),
                         num_cut);
    } else {
        assert_int_equal(ftruncate(descriptor, (off_t)position), 0);
    }
    assert_int_equal(close(descriptor), 0);
}

static bool has_whole_seal(const struct subject *subject, enum damage damage, uint64_t position)
{
    return subject->is_sealed && damage != CUT && position < subject->nbytes - SEAL_NBYTES;
}

static enum outcome judge(const struct subject *subject, enum damage damage, uint64_t position,
                          struct error *error)
{
    struct contents contents;
    bool ok = read_contents(subject, &contents, error);

    if (h5_num_live_handles() != 0)
        return LEAKED;
    if (error->status == STATUS_DATA && strcmp(error->file, subject->path) == 0)
        return REFUSED;
    if (!ok)
        return WRONG_REFUSAL;
    if (has_whole_seal(subject, damage, position) && subject->kind != STORE_UNVERIFIED)
        return ACCEPTED_UNSEEN;
    if (strcmp(contents.results, subject->contents.results) != 0)
        return OTHER_RESULT;
    if (strcmp(contents.rest, subject->contents.rest) != 0)
        return OTHER_INFORMATION;
    return HARMLESS;
}

static bool is_failure(const struct subject *subject, enum outcome outcome)
{
    if (subject->kind == EVALUATION_REWRITTEN)
        return outcome != REFUSED && outcome != HARMLESS && outcome != OTHER_INFORMATION &&
               outcome != OTHER_RESULT;
    switch (outcome) {
    case REFUSED:
    case HARMLESS:
        return false;
    case DIED:
    case HUNG:
    case OTHER_INFORMATION:
    case LEAKED:
        return subject->is_sealed && subject->kind != STORE_UNVERIFIED;
    default:
        return true;
    }
}

static void record(const struct subject *subject, enum damage damage, uint64_t position,
                   enum outcome outcome, const struct error *error)
{
    struct progress_report *report = subject->report;

    report->counts[outcome]++;
    if (outcome <= HARMLESS || report->num_shown++ >= MAX_SHOWN)
        return;
    printf("  %s: %s byte %llu\n", outcome_names[outcome], damage_names[damage],
           (unsigned long long)position);
    if (error && error->status != STATUS_OK)
        error_print(error, "    error", stdout);
    fflush(stdout);
}

static void locate(const struct subject *subject, uint64_t try, enum damage *damage,
                   uint64_t *position)
{
    *damage = (enum damage)(try % NUM_DAMAGES);
    *position = try / NUM_DAMAGES * subject->step;
}

static void run_child(const struct subject *subject)
{
    struct progress_report *report = subject->report;

    for (; report->next < num_tries(subject); report->next++) {
        struct error error = {0};
        enum damage damage;
        uint64_t position;
        enum outcome outcome;

        locate(subject, report->next, &damage, &position);
        apply(subject, damage, position, false);
        alarm(MAX_READ_SECONDS);
        outcome = judge(subject, damage, position, &error);
        alarm(0);
        apply(subject, damage, position, true);
        record(subject, damage, position, outcome, &error);
        if (outcome == LEAKED) { /* what HDF5 could not close is gone with the process */
            report->next++;
            break;
        }
    }
}

static void run_all(const struct subject *subject)
{
    struct progress_report *report = subject->report;

    while (report->next < num_tries(subject)) {
        pid_t child;
        int result;

        fflush(stdout);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            signal(SIGALRM, SIG_DFL);
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            run_child(subject);
            fflush(stdout);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &result, 0), child);
        if (!WIFEXITED(result) || WEXITSTATUS(result) != 0) {
            enum damage damage;
            uint64_t position;

            locate(subject, report->next++, &damage, &position);
            apply(subject, damage, position, true);
            record(subject, damage, position,
                   WIFSIGNALED(result) && WTERMSIG(result) == SIGALRM ? HUNG : DIED, NULL);
        }
    }
}

static bool print_report(const struct subject *subject, const char *name)
{
    bool has_failed = false;

    printf("%s, %s, %s, %zu bytes: %llu tried", name, kind_names[subject->kind],
           subject->is_sealed ? "sealed" : "without a seal", subject->nbytes,
           (unsigned long long)num_tries(subject));
    for (int outcome = 0; outcome < NUM_OUTCOMES; outcome++) {
        uint64_t count = subject->report->counts[outcome];

        if (count > 0)
            printf(", %llu %s", (unsigned long long)count, outcome_names[outcome]);
        has_failed = has_failed || (count > 0 && is_failure(subject, outcome));
    }
    printf("%s\n", has_failed ? ": FAILED" : "");
    return !has_failed;
}

int main(int argc, char **argv)
{
    struct subject subject = {.kind = STORE, .step = 1};
    struct error error = {0};
    bool has_passed;

    if (argc < 3 || argc > 4) {
        fputs("Usage: rot KIND FILE [STEP]\n", stderr);
        return 2;
    }
    while (subject.kind < EVALUATION_REWRITTEN && strcmp(argv[1], kind_names[subject.kind]) != 0)
        subject.kind++;
    if (strcmp(argv[1], kind_names[subject.kind]) != 0 ||
        (argc > 3 && (subject.step = strtoull(argv[3], NULL, 10)) == 0)) {
        fputs("rot: unknown kind, or no step\n", stderr);
        return 2;
    }

    subject.path = argv[2];
    subject.bytes = support_read_file(subject.path, &subject.nbytes);
    subject.report = mmap(NULL, sizeof(*subject.report), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(subject.report != MAP_FAILED);
    assert_ok(read_contents(&subject, &subject.contents, &error), &error);
    subject.is_sealed = subject.contents.is_sealed;

    run_all(&subject);
    has_passed = print_report(&subject, subject.path);
    munmap(subject.report, sizeof(*subject.report));
    free(subject.bytes);
    return has_passed ? 0 : 1;
}
