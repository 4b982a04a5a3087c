/*
 * Figures as the cells of tables: counts, figures that may not be defined, intervals.
 */
#ifndef QUERN_EVALUATE_CELLS_H
#define QUERN_EVALUATE_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/interval.h"

enum { CELL_SIZE = 48 };

/* Each writes to cell and returns it. */

/* "12,396" */
const char *cell_of_count(char cell[CELL_SIZE], uint64_t count);
/* "0.9722", "infinite", or "-" for NAN. */
const char *cell_of_figure(char cell[CELL_SIZE], double figure, int num_decimals);
/* "0.9641-0.9785"; "-0.0021 to 0.0103" where an end is negative; "" for none. */
const char *cell_of_interval(char cell[CELL_SIZE], struct interval interval, int num_decimals);

#endif
