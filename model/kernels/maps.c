#include "model/kernels/maps.h"

#include <string.h>

void map_to_row(const struct conv_map *map, const float *values, float *row)
{
    const size_t run = map->width * map->channels;

    for (size_t y = 0; y < map->height; y++)
        memcpy(row + y * run, values + conv_map_at(map, y, 0), run * sizeof(*row));
}

void map_from_row(const struct conv_map *map, const float *row, float *values)
{
    const size_t run = map->width * map->channels;

    for (size_t y = 0; y < map->height; y++)
        memcpy(values + conv_map_at(map, y, 0), row + y * run, run * sizeof(*row));
}
