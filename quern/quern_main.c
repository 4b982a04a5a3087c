#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/suggestion.h"
#include "common/text.h"
#include "common/text_width.h"
#include "quern/commands.h"
#include "quern/script_help.h"

extern char **environ;

static const char summary[] =
    "Starts the programs that turn folders of images into trained, evaluated classifiers: quern "
    "train is quern-train.";

static const char epilogue[] =
    "'quern' alone lists the commands; 'quern help COMMAND' and 'quern COMMAND --help' show what "
    "one can do.\n"
    "\n"
    "Exit status: that of the program; 0 done, 2 no such command, 70 internal error, 74 the "
    "program "
    "cannot be started.\n"
    "\n"
    "Examples:\n"
    "  quern ingest --valid-fraction 0.2 photos photos.h5\n"
    "  quern train photos.h5 --output run\n"
    "  quern evaluate run photos.h5";

/* ---- the list ---- */

static void print_row(const char *name, const char *what)
{
    enum { NAME_WIDTH = 12 };
    size_t columns = text_width_of_terminal(STDOUT_FILENO), length = strlen(what);
    bool is_narrow = columns > 0 && 4 + NAME_WIDTH + length > columns;

    printf("  %-*s%s", is_narrow ? 0 : NAME_WIDTH + 2, name, is_narrow ? "\n" : "");
    for (const char *word = what; is_narrow && *word;) {
        size_t fit = text_width_fit(word, columns > 20 ? columns - 7 : 13);

        while (word[fit] && fit > 0 && word[fit] != ' ')
            fit--;
        fit = fit ? fit : strcspn(word, " ");
        printf("      %.*s\n", (int)fit, word);
        word += fit;
        word += strspn(word, " ");
    }
    if (!is_narrow)
        puts(what);
}

static bool print_list(const char *directory, struct error *error)
{
    struct text_list others = {0};
    bool ok = commands_list_others(directory, &others, error);

    printf("quern %s: from images to classifiers\n\n"
           "Usage: quern COMMAND [ARGUMENT...]\n\nCommands:\n",
           QUERN_VERSION);
    for (size_t i = 0; commands_known[i].words.name; i++) {
        char *path = commands_find(directory, commands_known[i].words.name);

        if (path)
            print_row(commands_known[i].words.name, commands_known[i].words.summary);
        free(path);
    }
    print_row("help", "show what a command can do: quern help train");
    if (others.count > 0)
        printf("\nOther commands, programs called quern-NAME in PATH:\n");
    for (size_t i = 0; i < others.count; i++) {
        fputs("  ", stdout);
        text_print_escaped(stdout, others.items[i]);
        putchar('\n');
    }
    text_list_free(&others);
    return ok;
}

/* ---- completion ---- */

/* Runs PATH --completion SHELL, which prints to our standard output. */
static void print_completion_of(const char *path, const char *shell)
{
    char *arguments[] = {(char *)path, "--completion", (char *)shell, NULL};
    int status;
    pid_t child;

    fflush(stdout);
    if (posix_spawn(&child, path, NULL, NULL, arguments, environ) != 0)
        return;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
}

static void print_completion_of_script(const char *path, const char *name,
                                       enum completion_shell shell)
{
    struct script_help help;
    struct error ignored = {0};

    if (script_help_read(path, &help, &ignored)) {
        const struct program program = {.name = TEXT("quern-%s", name),
                                        .usage = "",
                                        .options = help.options,
                                        .num_options = help.num_options};

        completion_print(&program, NULL, 0, shell, stdout);
    }
    script_help_free(&help);
}

static void print_completion(const struct program *program, const struct option_spec *general,
                             size_t num_general, int shell)
{
    enum { MOST = 32 };
    struct completion_command found[MOST];
    char *directory = commands_directory("");
    size_t count = 0;

    for (size_t i = 0; commands_known[i].words.name && count < MOST; i++) {
        char *path = commands_find(directory, commands_known[i].words.name);

        if (path)
            found[count++] = commands_known[i].words;
        free(path);
    }
    completion_begin_commands(found, count, (enum completion_shell)shell, stdout);
    for (size_t i = 0; commands_known[i].words.name; i++) {
        const char *name = commands_known[i].words.name;
        char *path = commands_find(directory, name);

        if (path && commands_known[i].is_script)
            print_completion_of_script(path, name, (enum completion_shell)shell);
        else if (path)
            print_completion_of(path, completion_shell_names[shell]);
        free(path);
    }
    completion_print(program, general, num_general, (enum completion_shell)shell, stdout);
    completion_end_commands(found, count, (enum completion_shell)shell, stdout);
    free(directory);
}

/* ---- starting a program ---- */

static bool refuse_unknown(const char *directory, const char *typed, struct error *error)
{
    struct suggestion suggestion = {0};
    struct text_list others = {0};
    struct error ignored = {0};
    const char *word = strncmp(typed, "quern-", 6) == 0 ? typed + 6 : typed;

    for (size_t i = 0; commands_known[i].words.name; i++)
        suggestion_consider(&suggestion, word, commands_known[i].words.name);
    suggestion_consider(&suggestion, word, "help");
    if (commands_list_others(directory, &others, &ignored))
        for (size_t i = 0; i < others.count; i++)
            suggestion_consider(&suggestion, word, others.items[i]);
    if (suggestion.name && strcmp(suggestion.name, typed) == 0)
        error_set(error, STATUS_USAGE, NULL,
                  "quern-%s is neither beside this program nor in PATH: is it installed?", typed);
    else if (suggestion.name)
        error_set(error, STATUS_USAGE, NULL, "unknown command '%s': did you mean %s?", typed,
                  suggestion.name);
    else
        error_set(error, STATUS_USAGE, NULL, "unknown command '%s': 'quern' lists all", typed);
    text_list_free(&others);
    return false;
}

/* Becomes the program: its signals, its memory, its exit status.  Returns on failure only. */
static bool start(const char *directory, const char *name, char **arguments, struct error *error)
{
    char *path = commands_find(directory, name);

    if (!path)
        return refuse_unknown(directory, name, error);
    arguments[0] = path;
    execv(path, arguments);
    error_set_errno(error, path, "cannot start");
    free(path);
    return false;
}

static bool run_command(const char *directory, char **arguments, struct error *error)
{
    char *help[] = {NULL, "--help", NULL};

    if (strcmp(arguments[0], "help") != 0)
        return start(directory, arguments[0], arguments, error);
    if (!arguments[1] || strcmp(arguments[1], "help") == 0)
        return print_list(directory, error);
    if (arguments[2])
        return error_set(error, STATUS_USAGE, NULL, "help is of one command at a time");
    return start(directory, arguments[1], help, error);
}

int main(int argc, char **argv)
{
    const struct program program = {.name = "quern",
                                    .usage = "COMMAND [ARGUMENT...]",
                                    .summary = summary,
                                    .epilogue = epilogue,
                                    .is_brief = true,
                                    .complete = print_completion};
    char *directory = commands_directory(argc > 0 ? argv[0] : "");
    struct error error = {0};
    int first_operand = 1;
    bool done = false, ok = true;

    /* What follows the command is its own. */
    if (argc > 1 && argv[1][0] == '-')
        ok = options_parse(&program, argc, argv, &first_operand, &done, &error);
    if (ok && !done && argc > 1 && argv[1][0] == '-')
        ok = error_set(&error, STATUS_USAGE, NULL, "a command comes first: quern COMMAND ...");
    else if (ok && !done && argc > 1)
        ok = run_command(directory, argv + 1, &error);
    else if (ok && !done)
        ok = print_list(directory, &error);
    free(directory);
    return options_exit_status("quern", &error);
}
