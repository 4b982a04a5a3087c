/*
 * Amounts for people: durations, rates and sizes with the digits and the unit that fit them, so
 * that 0.0003 s reads "0.31 ms" and 7500 s "2 h 05 min".
 */
#ifndef QUERN_COMMON_AMOUNT_H
#define QUERN_COMMON_AMOUNT_H

#include <stddef.h>

/* Holds any of the texts below. */
enum { AMOUNT_SIZE = 40 };

/* "0.31 ms", "12.4 s", "3 min 20 s", "2 h 05 min", "4 d 03 h"; "-" for what is no duration. */
const char *amount_duration(char *buffer, size_t size, double seconds);

/* The same for time that is only guessed at: whole seconds, fewer the more there are; not 0. */
const char *amount_time_left(char *buffer, size_t size, double seconds);

/* Without "/s": "0.25", "3.4", "4,523", "1.2 M"; "-" for what is no rate. */
const char *amount_rate(char *buffer, size_t size, double per_second);

/* "512 B", "1.2 kB", "340 MB": powers of 1000. */
const char *amount_nbytes(char *buffer, size_t size, double nbytes);

#endif
