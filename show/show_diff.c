/* --diff: whether two files, or the newest checkpoints of two runs, are the same. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apply/model_file.h"
#include "common/file.h"
#include "common/progress.h"
#include "common/text.h"
#include "formats/comparison/file_comparison.h"
#include "show/show.h"
#include "show/show_runs.h"

/* ---- which files ---- */

/* The file itself, or the newest whole checkpoint of a directory; malloc'ed. */
static char *show_diff_resolve(const char *path, struct error *error)
{
    struct model_file file = {0};
    char *resolved = NULL;

    if (!file_is_directory(path)) {
        resolved = strdup(path);
        if (!resolved)
            error_set_memory(error, strlen(path) + 1);
        return resolved;
    }
    if (model_file_read(path, MODEL_SELECT_LAST, &file, error)) {
        model_file_print_choice(&file, "quern-show", path);
        resolved = file.path;
        file.path = NULL;
    }
    model_file_close(&file);
    return resolved;
}

/* ---- in words ---- */

static void show_diff_print_file(FILE *stream, char letter, const char *path,
                                 const struct file_comparison *comparison, int index)
{
    char nbytes[32];

    fprintf(stream, "%c  ", letter);
    text_print_escaped(stream, path);
    fprintf(stream, ": %s, %s bytes\n", file_kind_name(comparison->kinds[index]),
            text_group_digits(nbytes, sizeof(nbytes), comparison->nbytes[index]));
}

/* A difference: its place, then each clause on a line of its own. */
static void show_diff_print_one(FILE *stream, const struct terminal *terminal,
                                const struct difference *difference)
{
    const char *clause = difference->what;

    fputs("different: ", stream);
    terminal_set_bold(terminal, stream);
    text_print_escaped(stream, difference->place);
    terminal_set_plain(terminal, stream);
    fputc('\n', stream);
    while (*clause) {
        size_t length = strcspn(clause, "\n");
        char text[sizeof(difference->what)];

        text_format(text, sizeof(text), "%.*s", (int)length, clause);
        fputs("  ", stream);
        text_print_escaped(stream, text);
        fputc('\n', stream);
        clause += length + (clause[length] == '\n');
    }
}

/* Checksums of single tensors: there are as many as tensors that differ. */
static bool show_diff_is_checksum(const struct difference *difference)
{
    static const char beginning[] = "attribute crc32 of ";

    return strncmp(difference->place, beginning, sizeof(beginning) - 1) == 0;
}

/* The names of those from first on; checksums are counted. */
static void show_diff_print_others(FILE *stream, const char *title,
                                   const struct difference_list *list, size_t first)
{
    size_t num_kept =
        list->count < FILE_COMPARISON_MAX_KEPT ? (size_t)list->count : FILE_COMPARISON_MAX_KEPT;
    size_t num_checksums = 0;

    if (list->count <= first)
        return;
    fprintf(stream, "%s:\n", title);
    for (size_t i = first; i < num_kept; i++) {
        if (show_diff_is_checksum(&list->kept[i])) {
            num_checksums++;
            continue;
        }
        fputs("  ", stream);
        text_print_escaped(stream, list->kept[i].place);
        fputc('\n', stream);
    }
    if (num_checksums > 0)
        fprintf(stream, "  %zu %s of tensors\n", num_checksums,
                num_checksums == 1 ? "checksum" : "checksums");
    if (list->count > num_kept)
        fprintf(stream, "  and %" PRIu64 " more\n", list->count - num_kept);
}

static void show_diff_print(FILE *stream, const struct terminal *terminal,
                            const char *const paths[2], const struct file_comparison *comparison)
{
    const struct difference_list *differences = &comparison->differences;
    const struct difference_list *derived = &comparison->derived;

    for (int i = 0; i < 2; i++)
        show_diff_print_file(stream, i == 0 ? 'A' : 'B', paths[i], comparison, i);
    if (comparison->result == FILE_COMPARISON_SAME_BYTES) {
        fprintf(stream, "identical: the same bytes\n");
        return;
    }
    if (comparison->result == FILE_COMPARISON_SAME_CONTENTS) {
        fprintf(stream, "identical contents: every value and attribute is the same\n"
                        "the bytes differ, as they do where another program has rewritten a file\n"
                        "or another zlib has compressed it\n");
        return;
    }
    show_diff_print_one(stream, terminal,
                        differences->count > 0 ? &differences->kept[0] : &derived->kept[0]);
    show_diff_print_others(stream, "also different", differences, 1);
    show_diff_print_others(stream,
                           differences->count > 0 ? "and what follows from it" : "also different",
                           derived, differences->count > 0 ? 0 : 1);
}

bool show_diff(const struct show *show, struct error *error)
{
    struct file_comparison *comparison = malloc(sizeof(*comparison));
    char *paths[2] = {NULL, NULL};
    bool ok = comparison || error_set_memory(error, sizeof(*comparison));

    for (int i = 0; i < 2 && ok; i++) {
        paths[i] = show_diff_resolve(show->options->operands[i], error);
        ok = paths[i] != NULL;
    }
    ok = ok && file_comparison_run((const char *const *)paths, show->options->num_threads,
                                   comparison, error);
    if (ok) {
        show_diff_print(stdout, &show->terminal, (const char *const *)paths, comparison);
        *show->is_different = comparison->result == FILE_COMPARISON_DIFFERENT;
    }
    for (int i = 0; i < 2; i++)
        free(paths[i]);
    free(comparison);
    return ok;
}
