/*
 * Numbers, lists of names and whole command lines.  The first byte chooses the program; the rest
 * is cut into arguments at newlines, and each argument is parsed as a number, a size and a list.
 */
#include <math.h>
#include <string.h>

#include "common/parse.h"
#include "draw/draw_options.h"
#include "evaluate/evaluate_options.h"
#include "ingest/ingest_options.h"
#include "tests/fuzz/fuzz.h"
#include "train/train_options.h"

enum { MAX_ARGUMENTS = 32, MAX_NBYTES = 2048 };

static void check_numbers(const char *text)
{
    struct error count_error = {0}, real_error = {0}, size_error = {0};
    uint64_t count, height, width;
    char again[32];
    double real;

    if (parse_count("--count", text, 1, 1000000, &count, &count_error)) {
        FUZZ_DEMAND(count >= 1 && count <= 1000000);
        FUZZ_DEMAND(strspn(text, "0123456789") == strlen(text));
        FUZZ_DEMAND(strtoull(text, NULL, 10) == count);
    } else {
        FUZZ_DEMAND(count_error.status == STATUS_USAGE);
    }
    if (parse_real("--real", text, -10, 10, &real, &real_error)) {
        FUZZ_DEMAND(isfinite(real) && real >= -10 && real <= 10);
        FUZZ_DEMAND(strspn(text, "+-.0123456789eE") == strlen(text));
    } else {
        FUZZ_DEMAND(real_error.status == STATUS_USAGE);
    }
    if (parse_size("--size", text, &height, &width, &size_error)) {
        FUZZ_DEMAND(height >= 1 && height <= 65535 && width >= 1 && width <= 65535);
        snprintf(again, sizeof(again), "%ux%u", (unsigned)height, (unsigned)width);
        FUZZ_DEMAND(strspn(text, "x0123456789") == strlen(text));
        FUZZ_DEMAND(parse_size("--size", again, &height, &width, &size_error));
    } else {
        FUZZ_DEMAND(size_error.status == STATUS_USAGE);
    }
}

static void check_names(const char *text)
{
    struct text_list names = {0}, again = {0};
    struct error error = {0};
    char joined[2 * MAX_NBYTES + 2], *next = joined;

    if (parse_names("--classes", text, &names, &error)) {
        FUZZ_DEMAND(names.count > 0);
        for (size_t i = 0; i < names.count; i++) {
            FUZZ_DEMAND(names.items[i][0] != '\0');
            FUZZ_DEMAND(text_list_find(&names, names.items[i]) == i);
            if (i > 0)
                *next++ = ',';
            for (const char *c = names.items[i]; *c; c++) {
                if (*c == ',' || *c == '\\')
                    *next++ = '\\';
                *next++ = *c;
            }
        }
        *next = '\0';
        FUZZ_DEMAND(parse_names("--classes", joined, &again, &error));
        FUZZ_DEMAND(text_list_equal(&names, &again));
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

    if (choice % 4 == 0) {
        struct ingest_options options = ingest_options_default();
        char settings[INGEST_MAX_SETTINGS];

        ok = ingest_options_parse(&options, argc, argv, &done, &error);
        if (ok && !done)
            ingest_options_describe(&options, settings, sizeof(settings));
        ingest_options_free(&options);
    } else if (choice % 4 == 1) {
        struct train_options options = {0};
        struct program program;

        ok = train_options_parse(&options, &program, argc, argv, &done, &error);
        if (ok && !done)
            FUZZ_DEMAND(options.store_path && options.batch_size > 0);
    } else if (choice % 4 == 2) {
        struct evaluate_options options = {0};
        struct program program;

        ok = evaluate_options_parse(argc, argv, &options, &program, &done, &error);
        if (ok && !done)
            FUZZ_DEMAND(options.checkpoint && (options.store || options.num_images > 0));
    } else {
        struct draw_tree tree = {0};

        ok = draw_options_parse(argc, argv, &tree, &done, &error);
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
        check_numbers(argv[argc]);
        check_names(argv[argc++]);
    }
    check_command_line(bytes[0], argc, argv);
    return 0;
}
