#include "view/palette.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    BITS = 5, /* of a channel of a cell of colours */
    NUM_CELLS = 1 << (3 * BITS),
    CELL_MASK = (1 << BITS) - 1,
};

/* ---- pictures of few colours ---- */

static bool palette_is_same(struct colour a, struct colour b)
{
    return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

/* False where there are too many. */
static bool palette_take_own(struct palette *palette, const struct raster *picture)
{
    size_t last = 0;

    for (size_t i = 0; i < picture->width * picture->height; i++) {
        const uint8_t *at = picture->pixels + 3 * i;
        struct colour colour = {at[0], at[1], at[2]};

        if (palette->count == 0 || !palette_is_same(palette->colours[last], colour))
            for (last = 0; last < palette->count; last++)
                if (palette_is_same(palette->colours[last], colour))
                    break;
        if (last == palette->count) {
            if (palette->count == PALETTE_MAX_COLOURS)
                return false;
            palette->colours[palette->count++] = colour;
        }
        palette->indices[i] = (uint8_t)last;
    }
    return true;
}

/* ---- the median cut ---- */

/* A cell of colours: how many pixels it has and the sums of their channels. */
struct palette_cell {
    uint64_t count, sums[3];
    uint32_t cell; /* its channels, 5 bits each */
    uint8_t index; /* of the palette */
};

struct palette_box {
    size_t first, end; /* of the cells, sorted for it */
    int axis;          /* the longest side, */
    uint32_t length;   /* and how long that is */
};

static uint32_t palette_cell_of(const uint8_t *pixel)
{
    return (uint32_t)pixel[0] >> (8 - BITS) << 2 * BITS | (uint32_t)pixel[1] >> (8 - BITS) << BITS |
           (uint32_t)pixel[2] >> (8 - BITS);
}

static uint32_t palette_side(uint32_t cell, int axis)
{
    return cell >> (BITS * (2 - axis)) & CELL_MASK;
}

/* By the channel first that is asked for, so that all cells have one order. */
static int palette_compare(const void *a, const void *b, int axis)
{
    uint32_t left = ((const struct palette_cell *)a)->cell;
    uint32_t right = ((const struct palette_cell *)b)->cell;
    uint32_t left_side = palette_side(left, axis), right_side = palette_side(right, axis);

    if (left_side != right_side)
        return left_side < right_side ? -1 : 1;
    return left < right ? -1 : left > right;
}

static int palette_compare_red(const void *a, const void *b)
{
    return palette_compare(a, b, 0);
}

static int palette_compare_green(const void *a, const void *b)
{
    return palette_compare(a, b, 1);
}

static int palette_compare_blue(const void *a, const void *b)
{
    return palette_compare(a, b, 2);
}

static void palette_measure(const struct palette_cell *cells, struct palette_box *box)
{
    box->length = 0;
    box->axis = 0;
    for (int axis = 0; axis < 3; axis++) {
        uint32_t low = CELL_MASK, high = 0;

        for (size_t i = box->first; i < box->end; i++) {
            uint32_t side = palette_side(cells[i].cell, axis);

            low = side < low ? side : low;
            high = side > high ? side : high;
        }
        if (high - low > box->length) {
            box->length = high - low;
            box->axis = axis;
        }
    }
}

/* Cuts a box of two cells or more in two; returns the second. */
static struct palette_box palette_cut(struct palette_cell *cells, struct palette_box *box)
{
    static int (*const compare[])(const void *, const void *) = {
        palette_compare_red, palette_compare_green, palette_compare_blue};
    struct palette_box second = *box;
    uint64_t total = 0, below = 0;
    size_t cut = box->first;

    qsort(cells + box->first, box->end - box->first, sizeof(*cells), compare[box->axis]);
    for (size_t i = box->first; i < box->end; i++)
        total += cells[i].count;
    do
        below += cells[cut++].count;
    while (cut + 1 < box->end && below + cells[cut].count <= total / 2);
    second.first = cut;
    box->end = cut;
    palette_measure(cells, box);
    palette_measure(cells, &second);
    return second;
}

static void palette_cut_all(struct palette *palette, struct palette_cell *cells, size_t num_cells)
{
    struct palette_box boxes[PALETTE_MAX_COLOURS] = {{0, num_cells, 0, 0}};

    palette_measure(cells, &boxes[0]);
    palette->count = 1;
    while (palette->count < PALETTE_MAX_COLOURS) {
        size_t longest = 0;

        for (size_t i = 1; i < palette->count; i++)
            if (boxes[i].length > boxes[longest].length)
                longest = i;
        if (boxes[longest].length == 0)
            break;
        boxes[palette->count] = palette_cut(cells, &boxes[longest]);
        palette->count++;
    }
    for (size_t b = 0; b < palette->count; b++) {
        uint64_t count = 0, sums[3] = {0};

        for (size_t i = boxes[b].first; i < boxes[b].end; i++) {
            cells[i].index = (uint8_t)b;
            count += cells[i].count;
            for (int c = 0; c < 3; c++)
                sums[c] += cells[i].sums[c];
        }
        palette->colours[b] = (struct colour){(uint8_t)((sums[0] + count / 2) / count),
                                              (uint8_t)((sums[1] + count / 2) / count),
                                              (uint8_t)((sums[2] + count / 2) / count)};
    }
}

static bool palette_take_means(struct palette *palette, const struct raster *picture,
                               struct error *error)
{
    struct palette_cell *cells = NULL;
    uint8_t *index_of = NULL; /* [NUM_CELLS] */
    size_t count = picture->width * picture->height, num_cells = 0;
    bool ok = memory_allocate(&cells, NUM_CELLS, sizeof(*cells), error) &&
              memory_allocate(&index_of, NUM_CELLS, 1, error);

    for (size_t i = 0; i < count && ok; i++) {
        const uint8_t *pixel = picture->pixels + 3 * i;
        struct palette_cell *cell = &cells[palette_cell_of(pixel)];

        cell->count++;
        for (int c = 0; c < 3; c++)
            cell->sums[c] += pixel[c];
    }
    for (uint32_t i = 0; i < NUM_CELLS && ok; i++) {
        if (cells[i].count > 0) {
            cells[num_cells] = cells[i];
            cells[num_cells++].cell = i;
        }
    }
    if (ok) {
        palette_cut_all(palette, cells, num_cells);
        for (size_t i = 0; i < num_cells; i++)
            index_of[cells[i].cell] = cells[i].index;
        for (size_t i = 0; i < count; i++)
            palette->indices[i] = index_of[palette_cell_of(picture->pixels + 3 * i)];
    }
    free(cells);
    free(index_of);
    return ok;
}

bool palette_make(struct palette *palette, const struct raster *picture, struct error *error)
{
    *palette = (struct palette){0};
    if (!memory_allocate_unset(&palette->indices, picture->width * picture->height, 1, error))
        return false;
    return palette_take_own(palette, picture) || palette_take_means(palette, picture, error);
}
