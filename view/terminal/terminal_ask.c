#include "view/terminal/terminal_ask.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_MILLISECONDS = 500, MAX_ANSWER_NBYTES = 512, ATTRIBUTE_SIXEL = 4, MAX_CELL = 1000 };

/* The numbers of "CSI 1;2;3" at text, of which it has length bytes, at most max_count. */
static size_t terminal_ask_numbers(const char *text, size_t length, unsigned *numbers,
                                   size_t max_count)
{
    size_t count = 0;
    bool is_inside = false;

    for (size_t i = 0; i < length; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';

        if (is_digit && !is_inside && count == max_count)
            break;
        if (is_digit && !is_inside)
            numbers[count++] = 0;
        if (is_digit && numbers[count - 1] < 100000)
            numbers[count - 1] = numbers[count - 1] * 10 + (unsigned)(text[i] - '0');
        is_inside = is_digit;
    }
    return count;
}

bool terminal_ask_parse(const char *bytes, size_t nbytes, struct terminal_answer *answer)
{
    enum { MAX_NUMBERS = 32 };
    unsigned numbers[MAX_NUMBERS];

    for (size_t i = 0; i + 1 < nbytes; i++) {
        size_t start = i + 2, end = start, count;

        if (bytes[i] != '\033' || bytes[i + 1] != '[')
            continue;
        /* Parameters are 0x30 to 0x3f, and a final letter ends them. */
        while (end < nbytes && bytes[end] >= 0x30 && bytes[end] <= 0x3f)
            end++;
        if (end == nbytes)
            return false;
        count = terminal_ask_numbers(bytes + start, end - start, numbers, MAX_NUMBERS);
        if (bytes[end] == 't' && count == 3 && numbers[0] == 6 && numbers[1] <= MAX_CELL &&
            numbers[2] <= MAX_CELL) {
            answer->cell_height = numbers[1];
            answer->cell_width = numbers[2];
        }
        if (bytes[end] == 'c' && bytes[start] == '?') {
            for (size_t n = 1; n < count; n++)
                answer->has_sixel = answer->has_sixel || numbers[n] == ATTRIBUTE_SIXEL;
            return true;
        }
    }
    return false;
}

static bool terminal_ask_is_safe(void)
{
    struct stat in, out;
    struct pollfd typed = {.fd = STDIN_FILENO, .events = POLLIN};

    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && fstat(STDIN_FILENO, &in) == 0 &&
           fstat(STDOUT_FILENO, &out) == 0 && in.st_rdev == out.st_rdev &&
           tcgetpgrp(STDIN_FILENO) == getpgrp() && poll(&typed, 1, 0) == 0;
}

static long terminal_ask_milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void terminal_ask_read(struct terminal_answer *answer)
{
    char bytes[MAX_ANSWER_NBYTES];
    size_t nbytes = 0;
    long end = terminal_ask_milliseconds() + TIMEOUT_MILLISECONDS;

    while (nbytes < sizeof(bytes)) {
        struct pollfd waiting = {.fd = STDIN_FILENO, .events = POLLIN};
        long left = end - terminal_ask_milliseconds();
        ssize_t count;

        if (left <= 0 || poll(&waiting, 1, (int)left) <= 0)
            return;
        count = read(STDIN_FILENO, bytes + nbytes, sizeof(bytes) - nbytes);
        if (count <= 0)
            return;
        nbytes += (size_t)count;
        *answer = (struct terminal_answer){0};
        if (terminal_ask_parse(bytes, nbytes, answer))
            return;
    }
}

void terminal_ask(struct terminal_answer *answer)
{
    static const char question[] = "\033[16t\033[c";
    struct termios before, raw;
    sigset_t all, unblocked;

    *answer = (struct terminal_answer){0};
    if (!terminal_ask_is_safe() || tcgetattr(STDIN_FILENO, &before) != 0)
        return;
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    /* No signal may end or stop the process while the terminal is in this mode. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &unblocked);
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0) {
        if (write(STDOUT_FILENO, question, sizeof(question) - 1) == (ssize_t)sizeof(question) - 1)
            terminal_ask_read(answer);
        /* What comes late is not for the shell. */
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    }
    sigprocmask(SIG_SETMASK, &unblocked, NULL);
}
