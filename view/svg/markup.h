/*
 * Text in HTML and SVG.  Whatever comes from files and paths goes through here, so that no name can
 * become an element, an attribute or a direction of writing.
 */
#ifndef QUERN_VIEW_SVG_MARKUP_H
#define QUERN_VIEW_SVG_MARKUP_H

#include <stdio.h>

/*
 * Writes text for the inside of an element or of an attribute in quotes of either kind: & < > " '
 * as character references; control characters, marks that change the direction of text, and bytes
 * that are not UTF-8 as \xNN, as text_print_escaped writes them.
 */
void markup_text(FILE *stream, const char *text);

/* The same of at most max_characters, with an ellipsis in place of what is left out. */
void markup_text_cut(FILE *stream, const char *text, size_t max_characters);

/* How many characters markup_text shows. */
size_t markup_count_characters(const char *text);

/* A coordinate: two decimals at most, no more zeros than needed, never "-0". */
void markup_coordinate(FILE *stream, double value);

#endif
