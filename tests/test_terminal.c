/* What a terminal can: by the environment, by its own answer, and what is left behind. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/support.h"
#include "view/terminal/terminal.h"
#include "view/terminal/terminal_ask.h"

static const char *const variables[] = {
    "NO_COLOR",        "TERM",         "COLORTERM",    "COLUMNS",       "LINES",
    "LC_ALL",          "LC_CTYPE",     "LANG",         "TMUX",          "STY",
    "KITTY_WINDOW_ID", "TERM_PROGRAM", "QUERN_COLOUR", "QUERN_GRAPHICS"};

/* Only these variables are set, "NAME=value". */
static int set_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    return 0;
}

static struct terminal find(int colour, int graphics)
{
    struct error error = {0};
    struct terminal terminal;

    assert_ok(terminal_find(&terminal, &(struct terminal_wish){colour, graphics, true}, &error),
              &error);
    return terminal;
}

/* ---- what is no terminal ---- */

/* The test's own output goes elsewhere. */
static int redirect(void **state)
{
    int nowhere = open("/dev/null", O_WRONLY);

    set_environment(state);
    fflush(stdout);
    *state = (void *)(intptr_t)dup(STDOUT_FILENO);
    dup2(nowhere, STDOUT_FILENO);
    close(nowhere);
    return 0;
}

static int restore(void **state)
{
    dup2((int)(intptr_t)*state, STDOUT_FILENO);
    close((int)(intptr_t)*state);
    return 0;
}

static void test_find_no_terminal_plain_text_of_80_columns(void **state)
{
    struct terminal terminal;

    (void)state;
    setenv("TERM", "xterm-kitty", 1);
    setenv("COLORTERM", "truecolor", 1);
    setenv("LANG", "de_DE.UTF-8", 1);
    terminal = find(0, 0);
    assert_false(terminal.is_terminal);
    assert_int_equal(terminal.columns, 80);
    assert_int_equal(terminal.rows, 0);
    assert_int_equal(terminal.colours, TERMINAL_COLOURS_NONE);
    assert_int_equal(terminal.graphics, TERMINAL_GRAPHICS_TEXT);
    assert_true(terminal.is_utf8);
}

static void test_find_columns_and_locale_of_the_environment(void **state)
{
    (void)state;
    setenv("COLUMNS", "40", 1);
    setenv("LANG", "C.UTF-8", 1);
    setenv("LC_ALL", "C", 1); /* comes first */
    assert_int_equal(find(0, 0).columns, 40);
    assert_false(find(0, 0).is_utf8);
    setenv("COLUMNS", "0", 1);
    assert_int_equal(find(0, 0).columns, 80);
    setenv("COLUMNS", "wide", 1);
    assert_int_equal(find(0, 0).columns, 80);
    setenv("COLUMNS", "1", 1);
    assert_int_equal(find(0, 0).columns, 10);
}

static void test_find_options_before_variables_before_the_rest(void **state)
{
    (void)state;
    setenv("QUERN_COLOUR", "256", 1);
    setenv("QUERN_GRAPHICS", "sixel", 1);
    setenv("NO_COLOR", "1", 1);
    assert_int_equal(find(0, 0).colours, TERMINAL_COLOURS_256);
    assert_int_equal(find(0, 0).graphics, TERMINAL_GRAPHICS_SIXEL);
    assert_int_equal(find(3, 2).colours, TERMINAL_COLOURS_24BIT);
    assert_int_equal(find(3, 2).graphics, TERMINAL_GRAPHICS_BLOCKS);
    /* Blocks without colours would be one block. */
    assert_int_equal(find(1, 2).graphics, TERMINAL_GRAPHICS_TEXT);
}

static void test_find_variable_without_such_a_choice_refused(void **state)
{
    struct error error = {0};
    struct terminal terminal;

    (void)state;
    setenv("QUERN_COLOUR", "red", 1);
    assert_fails(terminal_find(&terminal, &(struct terminal_wish){0}, &error), &error,
                 STATUS_USAGE);
}

/* ---- on a terminal ---- */

/*
 * Runs find on a terminal of its own, which answers a question for what it can by answer (NULL: not
 * at all).  *modes_kept is whether its modes are as before.
 */
static struct terminal find_on_terminal(const char *answer, bool *is_asked, bool *modes_kept)
{
    int ends[2], master = posix_openpt(O_RDWR | O_NOCTTY);
    struct termios before, after;
    struct terminal terminal;
    int slave, status;
    pid_t child;

    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    assert_int_equal(pipe(ends), 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0 && tcgetattr(slave, &before) == 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        struct error error = {0};
        int own;

        setsid();
        own = open(ptsname(master), O_RDWR); /* the terminal that controls this session */
        dup2(own, STDIN_FILENO);
        dup2(own, STDOUT_FILENO);
        if (!terminal_find(&terminal, &(struct terminal_wish){.may_ask = true}, &error) ||
            write(ends[1], &terminal, sizeof(terminal)) != (ssize_t)sizeof(terminal))
            _exit(1);
        _exit(0);
    }
    close(ends[1]);
    *is_asked = false;
    while (answer) {
        struct pollfd waiting[2] = {{.fd = master, .events = POLLIN},
                                    {.fd = ends[0], .events = POLLIN}};
        char question[64];

        assert_true(poll(waiting, 2, 10000) > 0);
        if (waiting[1].revents)
            break;
        assert_true(read(master, question, sizeof(question)) > 0);
        assert_true(write(master, answer, strlen(answer)) == (ssize_t)strlen(answer));
        *is_asked = true;
    }
    assert_int_equal(read(ends[0], &terminal, sizeof(terminal)), sizeof(terminal));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(tcgetattr(slave, &after), 0);
    *modes_kept = before.c_lflag == after.c_lflag && before.c_cc[VMIN] == after.c_cc[VMIN] &&
                  before.c_cc[VTIME] == after.c_cc[VTIME];
    close(slave);
    close(master);
    close(ends[0]);
    return terminal;
}

static void test_ask_sixel_and_size_of_a_cell(void **state)
{
    bool is_asked, modes_kept;
    struct terminal terminal;

    (void)state;
    setenv("TERM", "xterm-256color", 1);
    setenv("LANG", "C.UTF-8", 1);
    terminal = find_on_terminal("\033[6;20;9t\033[?62;4;22c", &is_asked, &modes_kept);
    assert_true(terminal.is_terminal && is_asked && modes_kept);
    assert_int_equal(terminal.graphics, TERMINAL_GRAPHICS_SIXEL);
    assert_int_equal(terminal.colours, TERMINAL_COLOURS_256);
    assert_int_equal(terminal.cell_width, 9);
    assert_int_equal(terminal.cell_height, 20);
    assert_int_equal(terminal.columns, 80);
    assert_int_equal(terminal.rows, 24);
}

static void test_ask_no_sixel_gives_blocks(void **state)
{
    bool is_asked, modes_kept;

    (void)state;
    setenv("TERM", "xterm-256color", 1);
    setenv("COLORTERM", "truecolor", 1);
    assert_int_equal(find_on_terminal("\033[?62;22c", &is_asked, &modes_kept).graphics,
                     TERMINAL_GRAPHICS_BLOCKS);
    assert_true(is_asked && modes_kept);
}

static void test_ask_no_answer_gives_blocks(void **state)
{
    bool is_asked, modes_kept;

    (void)state;
    setenv("TERM", "xterm", 1);
    assert_int_equal(find_on_terminal(NULL, &is_asked, &modes_kept).graphics,
                     TERMINAL_GRAPHICS_BLOCKS);
    assert_true(modes_kept);
}

/* Terminals that say what they are, and those that want no colours, are not asked. */
static void test_ask_not_where_the_environment_says(void **state)
{
    static const struct {
        const char *name, *value;
        enum terminal_graphics graphics;
        enum terminal_colours colours;
    } cases[] = {
        {"KITTY_WINDOW_ID", "1", TERMINAL_GRAPHICS_KITTY, TERMINAL_COLOURS_256},
        {"TERM_PROGRAM", "ghostty", TERMINAL_GRAPHICS_KITTY, TERMINAL_COLOURS_256},
        {"TERM", "xterm-kitty", TERMINAL_GRAPHICS_KITTY, TERMINAL_COLOURS_24BIT},
        {"TERM", "dumb", TERMINAL_GRAPHICS_TEXT, TERMINAL_COLOURS_NONE},
        {"NO_COLOR", "1", TERMINAL_GRAPHICS_TEXT, TERMINAL_COLOURS_NONE},
        {"QUERN_GRAPHICS", "blocks", TERMINAL_GRAPHICS_BLOCKS, TERMINAL_COLOURS_256},
    };
    bool is_asked, modes_kept;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct terminal terminal;

        set_environment(state);
        setenv("TERM", "xterm-256color", 1);
        setenv(cases[i].name, cases[i].value, 1);
        terminal = find_on_terminal("\033[?62;4c", &is_asked, &modes_kept);
        assert_false(is_asked);
        assert_int_equal(terminal.graphics, cases[i].graphics);
        assert_int_equal(terminal.colours, cases[i].colours);
    }
}

static void test_ask_parse_pieces_and_rubbish(void **state)
{
    static const char whole[] = "x\033[200~\033[6;16;8t\033[?1;2c";
    struct terminal_answer answer = {0};

    (void)state;
    for (size_t nbytes = 0; nbytes + 1 < sizeof(whole); nbytes++)
        assert_false(terminal_ask_parse(whole, nbytes, &answer));
    assert_true(terminal_ask_parse(whole, sizeof(whole) - 1, &answer));
    assert_int_equal(answer.cell_width, 8);
    assert_false(answer.has_sixel);
    answer = (struct terminal_answer){0};
    assert_false(terminal_ask_parse("\033[4c\033[6;99999;9t", 17, &answer));
    assert_int_equal(answer.cell_height, 0);
    assert_false(answer.has_sixel);
}

#define TEST(name) cmocka_unit_test_setup(name, set_environment)
#define OTHER_TEST(name) cmocka_unit_test_setup_teardown(name, redirect, restore)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OTHER_TEST(test_find_no_terminal_plain_text_of_80_columns),
        OTHER_TEST(test_find_columns_and_locale_of_the_environment),
        OTHER_TEST(test_find_options_before_variables_before_the_rest),
        OTHER_TEST(test_find_variable_without_such_a_choice_refused),
        TEST(test_ask_sixel_and_size_of_a_cell),
        TEST(test_ask_no_sixel_gives_blocks),
        TEST(test_ask_no_answer_gives_blocks),
        TEST(test_ask_not_where_the_environment_says),
        TEST(test_ask_parse_pieces_and_rubbish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
