/*
 * bits EXPECTED     holds all kernels of this processor to stored bit patterns
 * bits --print      prints what the reference gives, in the form of EXPECTED
 *
 * The numeric contract says that one seed gives one result on every processor; so the results of
 * fixed inputs are fixed.  A line of EXPECTED names a case and a hash of all that it computes, by
 * the reference and by every table of kernels alike.  The program needs common/, model/ and the C
 * library only, so that it can be built for another processor and run by an emulator (aarch64.sh).
 *
 * To change a line of EXPECTED is to change what users get for a seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bits/cases.h"

static int num_failed;

/* Both texts are lines; prints those that differ. */
static void compare(const char *table, const char *found, const char *expected)
{
    while (*found || *expected) {
        const size_t found_length = strcspn(found, "\n");
        const size_t expected_length = strcspn(expected, "\n");

        if (found_length != expected_length || memcmp(found, expected, found_length) != 0) {
            printf("%s: found '%.*s', expected '%.*s'\n", table, (int)found_length, found,
                   (int)expected_length, expected);
            num_failed++;
        }
        found += found_length + (found[found_length] == '\n');
        expected += expected_length + (expected[expected_length] == '\n');
    }
}

static char *read_file(const char *path)
{
    enum { MAX_NBYTES = 1 << 20 };
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, MAX_NBYTES + 1);

    if (!file || !text || fread(text, 1, MAX_NBYTES, file) == 0) {
        fprintf(stderr, "bits: cannot read %s\n", path);
        exit(74);
    }
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    char *expected, *found;

    if (argc != 2) {
        fprintf(stderr, "Usage: bits EXPECTED | --print\n");
        return 2;
    }
    found = cases_run(&kernels_reference);
    if (strcmp(argv[1], "--print") == 0) {
        fputs(found, stdout);
        free(found);
        return 0;
    }

    expected = read_file(argv[1]);
    compare(kernels_reference.name, found, expected);
    free(found);
    printf("%s", kernels_reference.name);
    for (size_t t = 0; t < num_tables; t++) {
        found = cases_run(tables[t]);
        compare(tables[t]->name, found, expected);
        free(found);
        printf(", %s", tables[t]->name);
    }
    printf(": %d lines differ\n", num_failed);
    free(expected);
    return num_failed > 0;
}
