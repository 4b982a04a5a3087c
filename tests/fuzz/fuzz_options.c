/*
 * Whole command lines.  The first byte chooses the program, or a table with an option of each type;
 * the rest is cut into arguments at newlines.
 */
#include <math.h>
#include <string.h>

#include "common/options.h"
#include "common/text_list.h"
#include "draw/draw_options.h"
#include "evaluate/evaluate_options.h"
#include "ingest/ingest_options.h"
#include "predict/predict_options.h"
#include "tests/fuzz/fuzz.h"
#include "train/train_options.h"

enum { MAX_ARGUMENTS = 32, MAX_NBYTES = 2048 };

static void check_count(const char *text)
{
    struct error error = {0};
    uint64_t count;

    if (options_parse_count("--count", text, 1, 1000000, &count, &error)) {
        FUZZ_DEMAND(count >= 1 && count <= 1000000);
        FUZZ_DEMAND(strspn(text, "0123456789") == strlen(text));
        FUZZ_DEMAND(strtoull(text, NULL, 10) == count);
    } else {
        FUZZ_DEMAND(error.status == STATUS_USAGE);
    }
}

/* Writes names with commas between them, as they are typed. */
static void join_names(const struct text_list *names, char *next)
{
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0)
            *next++ = ',';
        for (const char *c = names->items[i]; *c; c++) {
            if (*c == ',' || *c == '\\')
                *next++ = '\\';
            *next++ = *c;
        }
    }
    *next = '\0';
}

/* Parses arguments by a table with a row of each type. */
static void check_values(int argc, char **argv)
{
    static const char *const choices[] = {"mae", "cross-entropy", NULL};
    struct text_list names = {0}, again = {0};
    struct error error = {0};
    double real = 0;
    int choice = 0, first;
    uint64_t nbytes = 1, size[2] = {8, 8};
    const char *text = "text";
    bool flag, done;
    const struct option_spec specs[] = {
        {OPTION_REAL, "real", "R", "", &real, -10, 10},
        {OPTION_SIZE, "size", "HxW", "", size, 8, 4096},
        {OPTION_NBYTES, "nbytes", "N", "", &nbytes},
        {OPTION_NAMES, "names", "A,B", "", &names},
        {OPTION_TEXT, "text", "T", "", &text},
        {OPTION_CHOICE, "choice", "C", "", &choice, .choices = choices},
        {OPTION_FLAG, "flag", "", "", &flag, .excludes = "choice=cross-entropy", .needs = "text"},
    };
    const struct program program = {"fuzz", "", "", NULL, specs, sizeof(specs) / sizeof(specs[0])};
    char joined[2 * MAX_NBYTES + 16] = "--names=";
    char *named[] = {"fuzz", joined, NULL};

    if (options_parse(&program, argc, argv, &first, &done, &error)) {
        FUZZ_DEMAND(isfinite(real) && real >= -10 && real <= 10);
        FUZZ_DEMAND(size[0] >= 8 && size[0] <= 4096 && size[1] >= 8 && size[1] <= 4096);
        FUZZ_DEMAND(nbytes > 0 && text[0] && choice >= 0 && choice < 2);
        FUZZ_DEMAND(first >= 1 && first <= argc);
        if (!done && names.count > 0) {
            FUZZ_DEMAND(text_list_copy(&again, &names, &error));
            join_names(&names, joined + strlen(joined));
            FUZZ_DEMAND(options_parse(&program, 2, named, &first, &done, &error));
            FUZZ_DEMAND(text_list_equal(&names, &again));
        }
    } else {
        FUZZ_DEMAND(error.status == STATUS_USAGE);
    }
    text_list_free(&names);
    text_list_free(&again);
}

static void check_command_line(unsigned choice, int argc, char **argv)
{
    struct error error = {0};
    bool ok;
    bool done = false;

    if (choice % 6 == 0) {
        struct ingest_options options = ingest_options_default();
        char settings[INGEST_MAX_SETTINGS];

        ok = ingest_options_parse(&options, argc, argv, &done, &error);
        if (ok && !done)
            ingest_options_describe(&options, settings, sizeof(settings));
        ingest_options_free(&options);
    } else if (choice % 6 == 1) {
        struct train_options options = {0};

        ok = train_options_parse(&options, argc, argv, &done, &error);
        if (ok && !done)
            FUZZ_DEMAND(options.store_path && options.batch_size > 0);
    } else if (choice % 6 == 2) {
        struct evaluate_options options = {0};

        ok = evaluate_options_parse(argc, argv, &options, &done, &error);
        if (ok && !done)
            FUZZ_DEMAND(options.is_comparison
                            ? options.evaluations[0] && options.evaluations[1]
                            : options.num_checkpoints > 0 && options.checkpoints && options.store);
    } else if (choice % 6 == 3) {
        struct draw_tree tree = {0};

        ok = draw_options_parse(argc, argv, &tree, &done, &error);
    } else if (choice % 6 == 4) {
        struct predict_options options = {0};

        ok = predict_options_parse(argc, argv, &options, &done, &error);
        if (ok && !done)
            FUZZ_DEMAND(options.checkpoint && options.num_sources > 0);
    } else {
        check_values(argc, argv);
        return;
    }
    /* stdout, where the help goes, is /dev/null: a failure to print would be I/O. */
    FUZZ_DEMAND(ok || error.status == STATUS_USAGE);
    FUZZ_DEMAND(ok == error_ok(&error));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    static FILE *nowhere;
    char text[MAX_NBYTES + 1], program[] = "program";
    char *argv[MAX_ARGUMENTS + 2] = {program};
    int argc = 1;

    if (!nowhere)
        nowhere = freopen("/dev/null", "w", stdout);
    if (nbytes == 0 || nbytes > MAX_NBYTES)
        return 0;
    memcpy(text, bytes + 1, nbytes - 1);
    text[nbytes - 1] = '\0';
    for (char *next = text; next && argc <= MAX_ARGUMENTS;) {
        argv[argc] = strsep(&next, "\n");
        check_count(argv[argc++]);
    }
    check_command_line(bytes[0], argc, argv);
    return 0;
}
