/*
 * Texts that look alike: that differ in upper and lower case only, or in how accents are encoded
 * (NFC, one character, or NFD, a letter and a mark, as macOS writes names).
 *
 * Known are the canonical decompositions of Latin, Greek and Cyrillic letters, of Kana and of
 * Hangul syllables; several marks on one letter have to be in the same order.
 */
#ifndef QUERN_COMMON_TEXT_ALIKE_H
#define QUERN_COMMON_TEXT_ALIKE_H

#include <stdbool.h>

/* The text with all letters decomposed and, if so asked, in lower case; malloc'ed, NULL without
 * memory.  Two texts that print alike give equal ones.  What is not UTF-8 stays as it is. */
char *text_decompose(const char *text, bool is_lower);

#endif
