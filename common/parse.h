/*
 * Strict parsing of numbers: the whole text must be one number in range, else STATUS_USAGE with
 * a message that names the option (or whatever name says the number is).
 */
#ifndef QUERN_COMMON_PARSE_H
#define QUERN_COMMON_PARSE_H

#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"

/* Decimal digits only: no sign, no space, no exponent. */
bool parse_count(const char *name, const char *text, uint64_t minimum, uint64_t maximum,
                 uint64_t *value, struct error *error);

/* Bytes: decimal digits, and K, M, G or T for powers of 1024; at least minimum. */
bool parse_nbytes(const char *name, const char *text, uint64_t minimum, uint64_t *value,
                  struct error *error);

/* A finite decimal number such as 0.1, -2 or 1e-3; no hexadecimal, no nan, no inf. */
bool parse_real(const char *name, const char *text, double minimum, double maximum, double *value,
                struct error *error);

/* "28x32": height and width, each 1 to 65535. */
bool parse_size(const char *name, const char *text, uint64_t *height, uint64_t *width,
                struct error *error);

/*
 * "7,3" to the names 7 and 3; a backslash takes the next character as it is, so that a name may
 * hold a comma.  Empty names and names given twice are refused.
 */
bool parse_names(const char *name, const char *text, struct text_list *names, struct error *error);

#endif
