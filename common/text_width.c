#include "common/text_width.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/text.h"

struct text_range {
    uint32_t first, last;
};

/* Unicode 15: East Asian Width W and F, with the blocks of pictures that terminals draw wide. */
static const struct text_range text_wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x23f0, 0x23f0},   {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},
    {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27b0},   {0x27bf, 0x27bf},
    {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1aff0, 0x1b2ff},
    {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a},
    {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393},
    {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4},
    {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d},
    {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596},
    {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc},
    {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6df}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc},
    {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff},
    {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

/* Marks that join the letter before them, and what is not seen at all; alphabets that people name
 * folders in, not every one there is. */
static const struct text_range text_joining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},   {0x05bf, 0x05bf},   {0x05c1, 0x05c2},
    {0x05c4, 0x05c5}, {0x05c7, 0x05c7}, {0x0610, 0x061a},   {0x064b, 0x065f},   {0x0670, 0x0670},
    {0x06d6, 0x06dc}, {0x06df, 0x06e4}, {0x06e7, 0x06e8},   {0x06ea, 0x06ed},   {0x0900, 0x0902},
    {0x093a, 0x093a}, {0x093c, 0x093c}, {0x0941, 0x0948},   {0x094d, 0x094d},   {0x0951, 0x0957},
    {0x0981, 0x0981}, {0x09bc, 0x09bc}, {0x09c1, 0x09c4},   {0x09cd, 0x09cd},   {0x0a3c, 0x0a3c},
    {0x0a41, 0x0a51}, {0x0abc, 0x0abc}, {0x0ac1, 0x0ac8},   {0x0acd, 0x0acd},   {0x0b3c, 0x0b3f},
    {0x0bcd, 0x0bcd}, {0x0c3e, 0x0c40}, {0x0c46, 0x0c56},   {0x0cbc, 0x0cbf},   {0x0d41, 0x0d4d},
    {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},   {0x0eb1, 0x0eb1},   {0x0eb4, 0x0ebc},
    {0x0ec8, 0x0ecd}, {0x102d, 0x1030}, {0x1160, 0x11ff},   {0x17b4, 0x17b5},   {0x17b7, 0x17bd},
    {0x17c6, 0x17d3}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},   {0x200b, 0x200f},   {0x202a, 0x202e},
    {0x2060, 0x2064}, {0x20d0, 0x20f0}, {0x302a, 0x302d},   {0x3099, 0x309a},   {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef},
};

#define TEXT_NUM_RANGES(ranges) (sizeof(ranges) / sizeof((ranges)[0]))

static int text_width_compare(const void *key, const void *item)
{
    const uint32_t code = *(const uint32_t *)key;
    const struct text_range *range = item;

    return code < range->first ? -1 : code > range->last;
}

/* The columns of the character that text begins with; *length: its bytes, 1 for a stray one. */
static size_t text_width_of_next(const char *text, size_t *length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t code;

    *length = text_utf8_length(text);
    if (*length <= 1) {
        *length = 1;
        return 1;
    }
    code = bytes[0] & (0xffu >> (*length + 1));
    for (size_t i = 1; i < *length; i++)
        code = code << 6 | (bytes[i] & 0x3fu);
    if (bsearch(&code, text_joining, TEXT_NUM_RANGES(text_joining), sizeof(*text_joining),
                text_width_compare))
        return 0;
    return bsearch(&code, text_wide, TEXT_NUM_RANGES(text_wide), sizeof(*text_wide),
                   text_width_compare)
               ? 2
               : 1;
}

size_t text_width(const char *text)
{
    size_t columns = 0, length;

    for (; *text; text += length)
        columns += text_width_of_next(text, &length);
    return columns;
}

/* At most max_nbytes, too. */
static size_t text_width_fit_both(const char *text, size_t max_columns, size_t max_nbytes)
{
    size_t used = 0, columns = 0, length;

    while (text[used]) {
        columns += text_width_of_next(text + used, &length);
        if (columns > max_columns || used + length > max_nbytes)
            break;
        used += length;
    }
    return used;
}

size_t text_width_fit(const char *text, size_t max_columns)
{
    return text_width_fit_both(text, max_columns, SIZE_MAX);
}

const char *text_width_cut(char *buffer, size_t size, const char *text, size_t max_columns)
{
    size_t nbytes = strlen(text);
    const char *ending = "";

    if (text_width_fit_both(text, max_columns, size - 1) < nbytes) {
        ending = max_columns >= 3 && size > 3 ? "..." : "";
        nbytes = text_width_fit_both(text, max_columns - strlen(ending), size - 1 - strlen(ending));
    }
    return text_format(buffer, size, "%.*s%s", (int)nbytes, text, ending);
}

size_t text_width_of_terminal(int descriptor)
{
    struct winsize window = {0};
    const char *columns = getenv("COLUMNS");
    uint64_t count;

    if (!isatty(descriptor))
        return 0;
    if (ioctl(descriptor, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        return window.ws_col;
    if (columns && text_to_count(columns, &count) && count > 0 && count < UINT16_MAX)
        return (size_t)count;
    return 80;
}
