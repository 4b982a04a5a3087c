/*
 * Text: safe printing of names that come from outside, natural order.
 */
#ifndef QUERN_COMMON_TEXT_H
#define QUERN_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * TEXT("%zux%zu", h, w): a formatted string that lives to the end of the enclosing block (the
 * unbraced statement under an if is a block of its own).
 */
#define TEXT(...) text_format((char[256]){""}, 256, __VA_ARGS__)

/* snprintf that returns its buffer. */
const char *text_format(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Prints text with control characters, those that turn the direction of letters, and bytes that are
 * not UTF-8 as \n, \t, \xNN, so that a name can neither drive a terminal nor look like another.
 */
void text_print_escaped(FILE *stream, const char *text);

/* The same into a buffer, cut to fit; returns the buffer. */
const char *text_escape(char *buffer, size_t size, const char *text);

/* text_escape of a line that names were put into, escaped or not: backslashes stay as they are. */
const char *text_escape_line(char *buffer, size_t size, const char *text);

/* Prints text as a shell takes it for one argument: plain, in quotes, or as bash's $'\xNN' where it
 * holds what text_print_escaped would escape. */
void text_print_argument(FILE *stream, const char *text);

/*
 * Natural order: runs of digits compare as numbers, all else bytewise, so "2" < "10" and
 * "img9" < "img10".  Ties ("01" and "1") fall back to bytewise order; 0 for equal bytes only.
 */
int text_compare_natural(const char *a, const char *b);

/* True if the bytes are well-formed UTF-8 (no overlong forms, no surrogates). */
bool text_is_utf8(const char *text, size_t nbytes);

/* The bytes, 1 to 4, of the character that text begins with; 0 if it is malformed or the end. */
size_t text_utf8_length(const char *text);

/* Copies text, cut to fit, with each byte that is no part of UTF-8 as \xNN; returns the buffer. */
const char *text_make_utf8(char *buffer, size_t size, const char *text);

/* The number that text is, decimal digits only; false for any other text and from 2^64 on. */
bool text_to_count(const char *text, uint64_t *value);

/* Prints 12396 as "12,396" into a buffer of at least 27 bytes; returns the buffer. */
const char *text_group_digits(char *buffer, size_t size, uint64_t number);

#endif
