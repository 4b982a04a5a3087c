#include "evaluate/cells.h"

#include <math.h>

#include "common/text.h"

const char *cell_of_count(char cell[CELL_SIZE], uint64_t count)
{
    return text_group_digits(cell, CELL_SIZE, count);
}

const char *cell_of_figure(char cell[CELL_SIZE], double figure, int num_decimals)
{
    return isfinite(figure) ? text_format(cell, CELL_SIZE, "%.*f", num_decimals, figure)
                            : text_format(cell, CELL_SIZE, "%s", isnan(figure) ? "-" : "infinite");
}

const char *cell_of_interval(char cell[CELL_SIZE], struct interval interval, int num_decimals)
{
    if (isnan(interval.low))
        return text_format(cell, CELL_SIZE, "%s", "");
    return text_format(cell, CELL_SIZE, "%.*f%s%.*f", num_decimals, interval.low,
                       interval.low < 0 ? " to " : "-", num_decimals, interval.high);
}
