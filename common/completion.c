#include "common/completion.h"

#include <ctype.h>
#include <string.h>

#include "common/text.h"

const char *const completion_shell_names[] = {"bash", "zsh", "fish", NULL};

/* ---- what a value may be ---- */

struct completion_value {
    bool is_path;
    bool is_directory;  /* only directories */
    char extension[16]; /* of the files; "" for any.  Directories lead to files, and always go. */
    char words[1024];   /* what may be typed as it stands, with blanks between */
};

static void completion_add_word(struct completion_value *value, const char *word, size_t length)
{
    size_t used = strlen(value->words);

    text_format(value->words + used, sizeof(value->words) - used, "%s%.*s", used ? " " : "",
                (int)length, word);
}

/* No shell takes any of these letters for anything else. */
static bool completion_is_plain(const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)word[i]) && !strchr("-_.+", word[i]))
            return false;
    return length > 0;
}

static bool completion_ends_with(const char *word, size_t length, const char *ending)
{
    size_t ending_length = strlen(ending);

    return length >= ending_length &&
           memcmp(word + length - ending_length, ending, ending_length) == 0;
}

/* Files with one ending and others are any files; directories alone are no files. */
static void completion_add_path(struct completion_value *value, bool is_directory,
                                const char *extension)
{
    if (!value->is_path) {
        value->is_directory = is_directory;
        text_format(value->extension, sizeof(value->extension), "%s", extension);
    } else if (!is_directory) {
        if (value->is_directory)
            text_format(value->extension, sizeof(value->extension), "%s", extension);
        else if (strcmp(value->extension, extension) != 0)
            value->extension[0] = '\0';
        value->is_directory = false;
    }
    value->is_path = true;
}

/* One of the alternatives of a metavar. */
static void completion_add_alternative(struct completion_value *value, const char *word,
                                       size_t length)
{
    const char *dot;

    while (length > 3 && completion_ends_with(word, length, "..."))
        length -= 3;
    dot = memrchr(word, '.', length);
    if (dot && isupper((unsigned char)word[0]) &&
        completion_is_plain(dot + 1, (size_t)(word + length - dot - 1)))
        completion_add_path(value, false, TEXT("%.*s", (int)(word + length - dot - 1), dot + 1));
    else if (completion_ends_with(word, length, "DIR") || completion_ends_with(word, length, "RUN"))
        completion_add_path(value, true, "");
    else if (completion_ends_with(word, length, "CHECKPOINT"))
        completion_add_path(value, false, "h5");
    else if (completion_ends_with(word, length, "FILE") ||
             completion_ends_with(word, length, "SOURCE") ||
             completion_ends_with(word, length, "PATH"))
        completion_add_path(value, false, "");
    else if (islower((unsigned char)word[0]) && completion_is_plain(word, length))
        completion_add_word(value, word, length);
}

/* "STORE.h5", "CHECKPOINT|RUN_DIR", "full|none|window:N" */
static void completion_add_metavar(struct completion_value *value, const char *metavar,
                                   size_t length)
{
    for (const char *word = metavar, *end = metavar + length; word < end;) {
        const char *bar = memchr(word, '|', (size_t)(end - word));
        size_t word_length = (size_t)((bar ? bar : end) - word);

        completion_add_alternative(value, word, word_length);
        word += word_length + 1;
    }
}

static struct completion_value completion_of_option(const struct option_spec *spec)
{
    struct completion_value value = {0};

    if (spec->type == OPTION_TEXT)
        completion_add_metavar(&value, spec->metavar, strlen(spec->metavar));
    for (size_t i = 0; spec->choices && spec->choices[i]; i++)
        completion_add_word(&value, spec->choices[i], strlen(spec->choices[i]));
    return value;
}

/* The operands are the words in capitals of the usage that are no values of options. */
static struct completion_value completion_of_operands(const char *usage)
{
    struct completion_value value = {0};
    bool is_value = false;

    for (const char *word = usage + strspn(usage, " \n"); *word; word += strspn(word, " \n")) {
        size_t length = strcspn(word, " \n");
        size_t skip = strspn(word, "[");
        size_t name_length = length - skip;

        while (name_length > 0 && (word[skip + name_length - 1] == ']' ||
                                   completion_ends_with(word + skip, name_length, "...")))
            name_length -= word[skip + name_length - 1] == ']' ? 1 : 3;
        if (isupper((unsigned char)word[skip]) && !is_value &&
            strncmp(word + skip, "OPTION", 6) != 0)
            completion_add_metavar(&value, word + skip, name_length);
        is_value = strncmp(word + skip, "--", 2) == 0;
        word += length;
    }
    return value;
}

/* The name of the program as part of that of a function: "quern_train". */
static const char *completion_identifier(const char *name, char *buffer, size_t size)
{
    text_format(buffer, size, "%s", name);
    for (char *c = buffer; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return buffer;
}

/* The command of `quern` that starts a program, or NULL for `quern` itself. */
static const char *completion_command_of(const char *program)
{
    return strncmp(program, "quern-", 6) == 0 ? program + 6 : NULL;
}

/* The beginning of a help that tells options apart, with quotes and backslashes as one shell has
 * them. */
static void completion_print_help(const char *help, const char *escaped, FILE *stream)
{
    enum { MOST = 64 };
    size_t length = strcspn(help, ";");

    if (length > MOST) {
        length = MOST;
        while (length > 0 && help[length] != ' ')
            length--;
    }
    for (size_t i = 0; i < length; i++) {
        if (help[i] == '\'')
            fputs("\xe2\x80\x99", stream); /* an apostrophe that ends no quoting */
        else if (strchr(escaped, help[i]))
            fprintf(stream, "\\%c", help[i]);
        else
            fputc(help[i], stream);
    }
    if (help[length] && help[length] != ';')
        fputs("...", stream);
}

/* Both tables one after the other, without headings; NULL at the end. */
struct completion_options {
    const struct program *program;
    const struct option_spec *general;
    size_t num_general;
};

static const struct option_spec *completion_option(const struct completion_options *options,
                                                   size_t *i)
{
    const struct program *program = options->program;

    while (*i < program->num_options && program->options[*i].type == OPTION_HEADING)
        ++*i;
    if (*i < program->num_options)
        return &program->options[(*i)++];
    if (*i - program->num_options < options->num_general)
        return &options->general[(*i)++ - program->num_options];
    return NULL;
}

/* ---- bash ---- */

static const char completion_bash_functions[] =
    "# $cur: the word to complete; $prev: the one before it, over the = of --option=value.\n"
    "_quern_begin() {\n"
    "    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    if [[ $cur == = ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == = ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "}\n"
    "_quern_words() {\n"
    "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "    # What a number is to follow is not done yet.\n"
    "    if [[ ${COMPREPLY[*]} == *: ]]; then compopt -o nospace 2>/dev/null; fi\n"
    "}\n"
    "# $1: the ending of files, * for any, / for directories alone.\n"
    "_quern_paths() {\n"
    "    local pattern\n"
    "    case $1 in\n"
    "        /) pattern='*' ;;\n"
    "        '*') pattern= ;;\n"
    "        *) pattern='!*.'$1 ;;\n"
    "    esac\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(\n"
    "        { compgen -d -- \"$cur\"; compgen -f -X \"$pattern\" -- \"$cur\"; } | LC_ALL=C sort "
    "-u)\n"
    "}\n";

static void completion_bash_value(const struct completion_value *value, FILE *stream)
{
    if (value->words[0])
        fprintf(stream, " _quern_words '%s';", value->words);
    if (value->is_path)
        fprintf(stream, " _quern_paths '%s';",
                value->is_directory   ? "/"
                : value->extension[0] ? value->extension
                                      : "*");
}

static void completion_bash(const struct completion_options *options, FILE *stream)
{
    const char *name = options->program->name;
    const struct completion_value operands = completion_of_operands(options->program->usage);
    const struct option_spec *spec;
    char function[64];

    fprintf(stream, "# bash completion of %s, made from its table of options.\n%s_%s() {\n", name,
            completion_bash_functions, completion_identifier(name, function, sizeof(function)));
    fprintf(stream, "    local cur prev\n    COMPREPLY=()\n    _quern_begin\n    case $prev in\n");
    for (size_t i = 0; (spec = completion_option(options, &i));) {
        const struct completion_value value = completion_of_option(spec);

        if (spec->type == OPTION_FLAG)
            continue;
        fprintf(stream, "        --%s)", spec->name);
        completion_bash_value(&value, stream);
        fprintf(stream, " return ;;\n");
    }
    fprintf(stream, "    esac\n    if [[ $cur == -* ]]; then\n        _quern_words '");
    for (size_t i = 0; (spec = completion_option(options, &i));)
        fprintf(stream, "--%s ", spec->name);
    fprintf(stream, "'\n        return\n    fi\n   ");
    if (operands.is_path || operands.words[0])
        completion_bash_value(&operands, stream);
    else
        fputs(" return", stream);
    fprintf(stream, "\n}\ncomplete -F _%s %s\n", function, name);
}

static void completion_bash_commands(const struct completion_command *commands, size_t count,
                                     FILE *stream)
{
    fprintf(stream, "# quern COMMAND: as the program that it starts.\n"
                    "_quern_command() {\n"
                    "    local cur prev name=_quern_${COMP_WORDS[1]//-/_}\n"
                    "    COMPREPLY=()\n"
                    "    _quern_begin\n"
                    "    if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != help ]]; then\n"
                    "        if [[ $(type -t \"$name\") == function ]]; then \"$name\"; fi\n"
                    "        return\n"
                    "    fi\n"
                    "    if ((COMP_CWORD > 2)); then return; fi\n"
                    "    _quern_words '");
    for (size_t i = 0; i < count; i++)
        fprintf(stream, "%s ", commands[i].name);
    fprintf(stream, "'\n"
                    "    if ((COMP_CWORD == 1)); then\n"
                    "        _quern_words 'help'\n"
                    "        if [[ $cur == -* ]]; then _quern; fi\n"
                    "    fi\n"
                    "}\ncomplete -F _quern_command quern\n");
}

/* ---- zsh ---- */

/* Words as part of an action, in which a colon would end it. */
static void completion_zsh_words(const char *words, FILE *stream)
{
    for (; *words; words++)
        fprintf(stream, "%s%c", *words == ':' ? "\\" : "", *words);
}

static void completion_zsh_value(const struct completion_value *value, FILE *stream)
{
    /* _alternative takes words and files alike. */
    if (value->words[0] && value->is_path) {
        fputs("{_alternative \"words:word:(", stream);
        completion_zsh_words(value->words, stream);
        fprintf(stream, ")\" \"files:file:_files%s\"}", value->is_directory ? " -/" : "");
    } else if (value->words[0]) {
        fputc('(', stream);
        completion_zsh_words(value->words, stream);
        fputc(')', stream);
    } else if (value->is_directory)
        fputs("_files -/", stream);
    else if (value->is_path && value->extension[0])
        fprintf(stream, "_files -g \"*.%s(-.)\"", value->extension);
    else if (value->is_path)
        fputs("_files", stream);
    else
        fputc(' ', stream);
}

static void completion_zsh(const struct completion_options *options, FILE *stream)
{
    const char *name = options->program->name;
    const struct completion_value operands = completion_of_operands(options->program->usage);
    const struct option_spec *spec;
    char function[64];

    fprintf(stream,
            "#compdef %s\n# zsh completion of %s, made from its table of options.\n_%s() {\n", name,
            name, completion_identifier(name, function, sizeof(function)));
    fprintf(stream, "    _arguments -S");
    for (size_t i = 0; (spec = completion_option(options, &i));) {
        const struct completion_value value = completion_of_option(spec);

        fprintf(stream, " \\\n        '--%s%s[", spec->name, spec->type == OPTION_FLAG ? "" : "=");
        completion_print_help(spec->help, "\\[]", stream);
        fputc(']', stream);
        if (spec->type != OPTION_FLAG) {
            fputc(':', stream);
            completion_print_help(spec->type == OPTION_CHOICE ? spec->name : spec->metavar,
                                  "\\:", stream);
            fputc(':', stream);
            completion_zsh_value(&value, stream);
        }
        fputc('\'', stream);
    }
    if (operands.is_path || operands.words[0]) {
        fprintf(stream, " \\\n        '*:operand:");
        completion_zsh_value(&operands, stream);
        fputc('\'', stream);
    }
    fprintf(stream, "\n}\ncompdef _%s %s\n", function, name);
    /* Saved as a file of its own, it is this function that is called. */
    if (completion_command_of(name))
        fprintf(stream, "if [[ $funcstack[1] == _%s ]]; then _%s \"$@\"; fi\n", name, function);
}

static void completion_zsh_commands(const struct completion_command *commands, size_t count,
                                    FILE *stream)
{
    fprintf(stream, "# quern COMMAND: as the program that it starts.\n"
                    "_quern_command() {\n"
                    "    local -a commands=(\n");
    for (size_t i = 0; i < count; i++) {
        fprintf(stream, "        '%s:", commands[i].name);
        completion_print_help(commands[i].summary, "\\:", stream);
        fputs("'\n", stream);
    }
    fprintf(stream,
            "    )\n"
            "    if ((CURRENT == 2)); then\n"
            "        if [[ $PREFIX == -* ]]; then _quern; return; fi\n"
            "        _describe command commands -- '(help:\"show the help of a command\")'\n"
            "    elif [[ $words[2] == help ]]; then\n"
            "        ((CURRENT > 3)) || _describe command commands\n"
            "    elif (($+functions[_quern_${words[2]//-/_}])); then\n"
            "        shift words\n"
            "        ((CURRENT--))\n"
            "        _quern_${words[1]//-/_}\n"
            "    fi\n"
            "}\ncompdef _quern_command quern\n"
            "if [[ $funcstack[1] == _quern ]]; then\n"
            "    case $service in\n"
            "        quern) _quern_command ;;\n"
            "        *) _${service//-/_} ;;\n"
            "    esac\n"
            "fi\n");
}

/* ---- fish ---- */

static const char completion_fish_functions[] =
    "# Paths with an ending, and directories on the way to them.\n"
    "function __quern_paths\n"
    "    for path in (__fish_complete_path (commandline -ct))\n"
    "        string match -qr -- \"(/|\\.$argv[1])(\\t|\\$)\" $path; and echo $path\n"
    "    end\n"
    "end\n"
    "function __quern_is\n"
    "    set -l words (commandline -opc)\n"
    "    test (count $words) -ge 2; and test $words[2] = $argv[1]\n"
    "end\n";

/* "-a '...'" of a value; nothing where it can be anything. */
static void completion_fish_value(const struct completion_value *value, FILE *stream)
{
    fputs(" -a '", stream);
    fputs(value->words, stream);
    if (value->is_path && value->words[0])
        fputc(' ', stream);
    if (value->is_directory)
        fputs("(__fish_complete_directories (commandline -ct))", stream);
    else if (value->is_path && value->extension[0])
        fprintf(stream, "(__quern_paths %s)", value->extension);
    else if (value->is_path)
        fputs("(__fish_complete_path (commandline -ct))", stream);
    fputc('\'', stream);
}

/* The lines for one way to start the program: by its own name, or by `quern COMMAND`. */
static void completion_fish_lines(const struct completion_options *options, const char *start,
                                  FILE *stream)
{
    const struct completion_value operands = completion_of_operands(options->program->usage);
    const struct option_spec *spec;

    fprintf(stream, "complete %s -f", start);
    if (operands.is_path || operands.words[0])
        completion_fish_value(&operands, stream);
    fputc('\n', stream);
    for (size_t i = 0; (spec = completion_option(options, &i));) {
        const struct completion_value value = completion_of_option(spec);

        fprintf(stream, "complete %s -l %s", start, spec->name);
        if (spec->type != OPTION_FLAG) {
            fputs(" -x", stream);
            if (value.is_path || value.words[0])
                completion_fish_value(&value, stream);
        }
        fputs(" -d '", stream);
        completion_print_help(spec->help, "\\", stream);
        fputs("'\n", stream);
    }
}

static void completion_fish(const struct completion_options *options, FILE *stream)
{
    const char *name = options->program->name, *command = completion_command_of(name);

    fprintf(stream, "# fish completion of %s, made from its table of options.\n%s", name,
            completion_fish_functions);
    completion_fish_lines(options,
                          command ? TEXT("-c %s", name)
                                  : "-c quern -n 'test (count (commandline -opc)) -eq 1'",
                          stream);
    if (command)
        completion_fish_lines(options, TEXT("-c quern -n '__quern_is %s'", command), stream);
}

static void completion_fish_commands(const struct completion_command *commands, size_t count,
                                     FILE *stream)
{
    static const char first[] = "complete -c quern -n 'test (count (commandline -opc)) -eq 1' -f";
    static const char help[] = "complete -c quern -n '__quern_is help; and test (count "
                               "(commandline -opc)) -eq 2' -f";

    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < 2; k++) {
            fprintf(stream, "%s -a %s -d '", k ? help : first, commands[i].name);
            completion_print_help(commands[i].summary, "\\", stream);
            fputs("'\n", stream);
        }
    }
    fprintf(stream, "%s -a help -d 'show the help of a command'\n", first);
    fprintf(stream, "complete -c quern -n '__quern_is help' -f\n");
}

/* ---- any shell ---- */

void completion_print(const struct program *program, const struct option_spec *general,
                      size_t num_general, enum completion_shell shell, FILE *stream)
{
    const struct completion_options options = {program, general, num_general};

    switch (shell) {
    case COMPLETION_BASH:
        completion_bash(&options, stream);
        break;
    case COMPLETION_ZSH:
        completion_zsh(&options, stream);
        break;
    case COMPLETION_FISH:
        completion_fish(&options, stream);
        break;
    }
}

void completion_begin_commands(const struct completion_command *commands, size_t count,
                               enum completion_shell shell, FILE *stream)
{
    if (shell != COMPLETION_ZSH)
        return;
    fputs("#compdef quern", stream);
    for (size_t i = 0; i < count; i++)
        fprintf(stream, " quern-%s", commands[i].name);
    fputc('\n', stream);
}

void completion_end_commands(const struct completion_command *commands, size_t count,
                             enum completion_shell shell, FILE *stream)
{
    switch (shell) {
    case COMPLETION_BASH:
        completion_bash_commands(commands, count, stream);
        break;
    case COMPLETION_ZSH:
        completion_zsh_commands(commands, count, stream);
        break;
    case COMPLETION_FISH:
        completion_fish_commands(commands, count, stream);
        break;
    }
}
