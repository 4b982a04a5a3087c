/*
 * The file list, without its seal: what is accepted has one way of writing only, the bytes that
 * were read, and names that stay below the source.
 */
#include <string.h>

#include "formats/list_file.h"
#include "tests/fuzz/fuzz.h"

/* With its NUL.  All texts of a list together are shorter than the list. */
static size_t put_text(char *out, const char *text)
{
    size_t nbytes = strlen(text) + 1;

    memcpy(out, text, nbytes);
    return nbytes;
}

static size_t put_names(char *out, const char *const *names, size_t count)
{
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        FUZZ_DEMAND(names[i][0] != '/' && names[i][0] != '.' && !strstr(names[i], "/."));
        FUZZ_DEMAND(i == 0 || strcmp(names[i - 1], names[i]) < 0);
        used += put_text(out + used, names[i]);
    }
    return used;
}

static void check_list(const struct list_file *list, const uint8_t *bytes, size_t nbytes)
{
    size_t size = nbytes + 256, used;
    char *again = malloc(size);

    FUZZ_DEMAND(again);
    used =
        (size_t)snprintf(again, size,
                         "quern list 1\nlayout %s\nothers %llu\nloops %llu\nfolders %zu\n"
                         "top-others %zu\nimages %zu\n\n",
                         list->is_of_classes ? "classes" : "splits",
                         (unsigned long long)list->num_others, (unsigned long long)list->num_loops,
                         list->num_folders, list->num_top_others, list->num_images);
    used += put_text(again + used, list->source);
    used += put_names(again + used, list->folders, list->num_folders);
    used += put_names(again + used, list->top_others, list->num_top_others);
    used += put_names(again + used, list->images, list->num_images);
    FUZZ_DEMAND(used == nbytes && memcmp(again, bytes, nbytes) == 0);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    char *copy = malloc(nbytes + 1);
    struct list_file_content content;
    struct error error = {0};
    bool ok;

    FUZZ_DEMAND(copy);
    if (nbytes > 0)
        memcpy(copy, bytes, nbytes);
    copy[nbytes] = '\0';
    ok = list_file_parse("list", copy, nbytes, &content, &error);
    FUZZ_DEMAND(ok || error.status == STATUS_DATA);
    FUZZ_DEMAND(ok == error_ok(&error));
    if (ok)
        check_list(&content.list, bytes, nbytes);
    list_file_free(&content);
    return 0;
}
