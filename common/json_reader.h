/*
 * Reading JSON (RFC 8259) from a text in memory: one object, such as a line of a log, of which some
 * members are wanted.  Nothing is allocated.
 */
#ifndef QUERN_COMMON_JSON_READER_H
#define QUERN_COMMON_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How deep arrays and objects may lie in each other. */
enum { JSON_MAX_DEPTH = 32 };

/* True if text is one whole object, with nothing but white space around it. */
bool json_is_object(const char *text);

/*
 * Where in the text of a whole object (json_is_object) the value of a member begins; NULL where the
 * object has none of that name.  Of several of one name the first is taken.  Names with escapes in
 * the text are not found.
 */
const char *json_find(const char *object, const char *name);

/* Where in a whole array the first value begins, and where the one behind a value does; NULL: there
 * is none.  NULL is fine, and so is what is no array. */
const char *json_first_item(const char *array);
const char *json_next_item(const char *item);

/*
 * What a value is, as json_find gives it; NULL is fine and is nothing.  False, and the result is
 * left as it was, for a value of another type.
 */
bool json_get_count(const char *value, uint64_t *count); /* digits alone, below 2^64 */
bool json_get_real(const char *value, double *real);     /* null is NAN */
/* A string, its escapes resolved, cut to fit; a NUL in it becomes U+FFFD. */
bool json_get_text(const char *value, char *text, size_t size);

#endif
