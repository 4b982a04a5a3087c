#include "quern/commands.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

static const char commands_prefix[] = "quern-";

const struct command commands_known[] = {
    {{"ingest", "turn images in folders, an archive or arrays into a store"}, false},
    {{"train", "train a classifier on a store"}, false},
    {{"evaluate", "evaluate a trained model on a split of a store"}, false},
    {{"predict", "classify images by a trained model"}, false},
    {{"show", "look into stores, runs, checkpoints and evaluations"}, false},
    {{"draw", "draw handwritten-like digits, to try things on"}, false},
    {{"pipeline", "run ingest, train and evaluate, or a sweep, one after the other here"}, true},
    {{"slurm-submit", "submit the same to Slurm, as jobs"}, true},
    {{NULL, NULL}, false},
};

char *commands_directory(const char *argv0)
{
    char *path = realpath("/proc/self/exe", NULL), *directory = NULL;

    if (!path && strchr(argv0, '/'))
        path = realpath(argv0, NULL);
    if (path)
        directory = file_directory_of(path);
    free(path);
    return directory;
}

static bool commands_is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* The next directory of a list such as PATH, malloc'ed; NULL at the end.  An empty one is ".". */
static char *commands_next_directory(const char **list)
{
    size_t length;
    char *directory;

    if (!*list)
        return NULL;
    length = strcspn(*list, ":");
    directory = length ? strndup(*list, length) : strdup(".");
    *list = (*list)[length] ? *list + length + 1 : NULL;
    return directory;
}

static char *commands_find_in(const char *directory, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s%s", directory, commands_prefix, name) < 0)
        return NULL;
    if (commands_is_program(path))
        return path;
    free(path);
    return NULL;
}

char *commands_find(const char *directory, const char *name)
{
    const char *list = getenv("PATH");
    char *path = directory ? commands_find_in(directory, name) : NULL, *next;

    /* A name is no path: nothing outside of these directories is started. */
    if (name[0] == '\0' || strchr(name, '/')) {
        free(path);
        return NULL;
    }
    while (!path && (next = commands_next_directory(&list))) {
        path = commands_find_in(next, name);
        free(next);
    }
    return path;
}

static bool commands_is_known(const char *name)
{
    for (size_t i = 0; commands_known[i].words.name; i++)
        if (strcmp(commands_known[i].words.name, name) == 0)
            return true;
    return false;
}

static bool commands_list_in(const char *directory, struct text_list *names, struct error *error)
{
    const size_t length = strlen(commands_prefix);
    DIR *entries = opendir(directory);
    struct dirent *entry;
    bool ok = true;

    /* What PATH names need not be there. */
    while (ok && entries && (entry = readdir(entries))) {
        const char *name = entry->d_name + length;
        char *path;

        if (strncmp(entry->d_name, commands_prefix, length) != 0 || commands_is_known(name))
            continue;
        path = commands_find_in(directory, name);
        ok = !path || text_list_add_sorted(names, name, error);
        free(path);
    }
    if (entries)
        closedir(entries);
    return ok;
}

bool commands_list_others(const char *directory, struct text_list *names, struct error *error)
{
    const char *list = getenv("PATH");
    bool ok = !directory || commands_list_in(directory, names, error);
    char *next;

    while (ok && (next = commands_next_directory(&list))) {
        ok = commands_list_in(next, names, error);
        free(next);
    }
    return ok;
}
