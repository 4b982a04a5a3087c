#include "view/colours.h"

#include <math.h>

const struct colour colour_black = {0, 0, 0}, colour_white = {255, 255, 255};
const struct colour colour_missing = {180, 60, 200};

/* Points of the maps, evenly spaced; between them colours are linear. */
struct colour_points {
    size_t count;
    struct colour points[9];
};

static const struct colour_points colour_maps[] = {
    [COLOUR_MAP_GRAY] = {2, {{0, 0, 0}, {255, 255, 255}}},
    [COLOUR_MAP_GREYS] = {2, {{255, 255, 255}, {0, 0, 0}}},
    [COLOUR_MAP_SEQUENTIAL] = {7,
                               {{32, 18, 77},
                                {40, 62, 130},
                                {34, 104, 142},
                                {33, 145, 140},
                                {74, 184, 108},
                                {165, 216, 68},
                                {253, 231, 76}}},
    [COLOUR_MAP_DIVERGING] =
        {5, {{16, 78, 139}, {106, 163, 208}, {247, 247, 247}, {236, 150, 84}, {158, 64, 8}}},
};

struct colour colour_of(enum colour_map map, double t)
{
    const struct colour_points *points = &colour_maps[map];
    struct colour a, b;
    double at, part;
    size_t index;

    if (isnan(t))
        return colour_missing;
    at = fmin(fmax(t, 0.0), 1.0) * (double)(points->count - 1);
    index = (size_t)at;
    if (index == points->count - 1)
        index--;
    part = at - (double)index;
    a = points->points[index];
    b = points->points[index + 1];
    return (struct colour){(uint8_t)lround(a.red + part * (b.red - a.red)),
                           (uint8_t)lround(a.green + part * (b.green - a.green)),
                           (uint8_t)lround(a.blue + part * (b.blue - a.blue))};
}

struct colour colour_series(size_t index)
{
    static const struct colour series[COLOURS_NUM_SERIES] = {
        {0, 132, 199},  {230, 140, 0}, {0, 158, 115},  {204, 121, 167},
        {86, 180, 233}, {213, 94, 0},  {200, 185, 30},
    };

    return series[index % COLOURS_NUM_SERIES];
}

static double colour_linear(uint8_t value)
{
    double part = value / 255.0;

    return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

double colour_luminance(struct colour colour)
{
    return 0.2126 * colour_linear(colour.red) + 0.7152 * colour_linear(colour.green) +
           0.0722 * colour_linear(colour.blue);
}

/* The contrast (L1 + 0.05) / (L2 + 0.05) of WCAG 2 is the same for both at 0.179. */
struct colour colour_ink_on(struct colour ground)
{
    return colour_luminance(ground) > 0.179 ? colour_black : colour_white;
}

/* ---- 256 colours: 16 to 231 are a cube of 6x6x6, 232 to 255 grays ---- */

enum { CUBE_FIRST = 16, CUBE_SIDE = 6, GRAY_FIRST = 232, NUM_GRAYS = 24 };

static unsigned colour_cube_level(unsigned index)
{
    return index == 0 ? 0 : 55 + 40 * index;
}

static unsigned colour_cube_index(unsigned value)
{
    return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

struct colour colour_from_256(unsigned number)
{
    unsigned cube = number - CUBE_FIRST;
    uint8_t gray = (uint8_t)(8 + 10 * (number - GRAY_FIRST));

    if (number >= GRAY_FIRST)
        return (struct colour){gray, gray, gray};
    return (struct colour){(uint8_t)colour_cube_level(cube / (CUBE_SIDE * CUBE_SIDE)),
                           (uint8_t)colour_cube_level(cube / CUBE_SIDE % CUBE_SIDE),
                           (uint8_t)colour_cube_level(cube % CUBE_SIDE)};
}

static int colour_distance(struct colour a, struct colour b)
{
    int red = a.red - b.red, green = a.green - b.green, blue = a.blue - b.blue;

    return red * red + green * green + blue * blue;
}

unsigned colour_to_256(struct colour colour)
{
    unsigned cube =
        CUBE_FIRST +
        (colour_cube_index(colour.red) * CUBE_SIDE + colour_cube_index(colour.green)) * CUBE_SIDE +
        colour_cube_index(colour.blue);
    int mean = (colour.red + colour.green + colour.blue) / 3;
    int step = mean < 8 ? 0 : (mean - 3) / 10;
    unsigned gray = GRAY_FIRST + (unsigned)(step < NUM_GRAYS ? step : NUM_GRAYS - 1);

    return colour_distance(colour_from_256(gray), colour) <
                   colour_distance(colour_from_256(cube), colour)
               ? gray
               : cube;
}
