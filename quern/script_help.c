#include "quern/script_help.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_NBYTES = 1 << 16 };

extern char **environ;

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

/* Takes the row, which is one line and ends with a NUL, if it is one of an option. */
static void script_help_parse_row(struct script_help *help, char *line)
{
    struct option_spec spec = {.type = OPTION_FLAG, .help = ""};
    char *name, *rest, *gap;

    if (strncmp(line, "  --", 4) != 0)
        return;
    name = line + 4;
    rest = name + strspn(name, name_letters);
    if (rest == name || (*rest != ' ' && *rest != '\0') ||
        help->num_options == SCRIPT_HELP_MAX_OPTIONS)
        return;
    spec.name = name;
    gap = strstr(rest, "  ");
    if (gap)
        spec.help = gap + strspn(gap, " ");
    if (*rest == ' ' && rest != gap) {
        spec.type = OPTION_TEXT;
        spec.metavar = rest + 1;
        if (gap)
            *gap = '\0';
    }
    *rest = '\0';
    help->options[help->num_options++] = spec;
}

void script_help_parse(struct script_help *help, char *text)
{
    *help = (struct script_help){.text = text};
    for (char *line = text, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        script_help_parse_row(help, line);
    }
}

/* Reads to the end; what is more than MAX_NBYTES is no help of ours, and left out. */
static bool script_help_receive(int descriptor, char **text, struct error *error)
{
    size_t used = 0;
    ssize_t count;

    *text = malloc(MAX_NBYTES + 1);
    if (!*text)
        return error_set_memory(error, MAX_NBYTES + 1);
    do {
        count = read(descriptor, *text + used, MAX_NBYTES - used);
        used += count > 0 ? (size_t)count : 0;
    } while (count > 0 || (count < 0 && errno == EINTR));
    (*text)[strnlen(*text, used)] = '\0';
    return true;
}

bool script_help_read(const char *path, struct script_help *help, struct error *error)
{
    char *arguments[] = {(char *)path, "--help", NULL}, *text = NULL;
    posix_spawn_file_actions_t actions;
    int ends[2], code = 0, wait_status;
    pid_t child;
    bool ok;

    *help = (struct script_help){0};
    if (pipe(ends) != 0)
        return error_set_errno(error, path, "cannot start");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    code = posix_spawn(&child, path, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (code != 0) {
        close(ends[0]);
        errno = code;
        return error_set_errno(error, path, "cannot start");
    }
    ok = script_help_receive(ends[0], &text, error);
    close(ends[0]);
    while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR)
        continue;
    if (ok)
        script_help_parse(help, text);
    return ok;
}

void script_help_free(struct script_help *help)
{
    free(help->text);
    *help = (struct script_help){0};
}
