#include "view/terminal/text_width.h"

#include <string.h>

#include "common/text.h"

struct text_width_range {
    uint32_t first, last;
};

/* Characters of two columns: Unicode's East_Asian_Width W and F, in ranges that have few others. */
static const struct text_width_range wide_ranges[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x23f0, 0x23f0},   {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},
    {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27b0},   {0x27bf, 0x27bf},
    {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},
    {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18aff},
    {0x1b000, 0x1b2ff}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e},
    {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
    {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0},
    {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc},
    {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a},
    {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5},
    {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df},
    {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f7f0, 0x1f7f0},
    {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff},
    {0x20000, 0x3fffd},
};

/* Characters of none: marks on the one before, joiners, choosers of variants. */
static const struct text_width_range marks[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},   {0x0610, 0x061a},   {0x064b, 0x065f},
    {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x06df, 0x06e4},   {0x093c, 0x093c},   {0x0941, 0x0948},
    {0x094d, 0x094d}, {0x0951, 0x0957}, {0x0e31, 0x0e31},   {0x0e34, 0x0e3a},   {0x0e47, 0x0e4e},
    {0x1160, 0x11ff}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},   {0x200b, 0x200f},   {0x202a, 0x202e},
    {0x2060, 0x2064}, {0x2066, 0x206f}, {0x20d0, 0x20ff},   {0x3099, 0x309a},   {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0x1f3fb, 0x1f3ff}, {0xe0001, 0xe01ef},
};

static bool text_width_is_in(uint32_t code, const struct text_width_range *ranges, size_t count)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (code > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && code >= ranges[low].first;
}

/* The number of a character of length bytes, 1 to 4. */
static uint32_t text_width_code(const char *text, size_t length)
{
    static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)text[0] & lead_bits[length];

    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

/* Columns of the character that text begins with; *length is its bytes, 1 of what is no UTF-8. */
static size_t text_width_next(const char *text, size_t *length)
{
    uint32_t code;

    *length = text_utf8_length(text);
    if (*length == 0) {
        *length = 1;
        return 1;
    }
    code = text_width_code(text, *length);
    if (text_width_is_in(code, marks, sizeof(marks) / sizeof(marks[0])))
        return 0;
    return text_width_is_in(code, wide_ranges, sizeof(wide_ranges) / sizeof(wide_ranges[0])) ? 2
                                                                                             : 1;
}

size_t text_width(const char *text)
{
    size_t columns = 0, length;

    while (*text) {
        columns += text_width_next(text, &length);
        text += length;
    }
    return columns;
}

/* The ellipsis, or as much of it as columns have room for. */
static const char *text_width_ellipsis(size_t columns, bool is_utf8)
{
    if (columns == 0)
        return "";
    return is_utf8 ? "\xe2\x80\xa6" : columns >= 6 ? "..." : columns >= 3 ? ".." : ".";
}

/* The longest beginning of text within columns and nbytes: its bytes. */
static size_t text_width_bounded_prefix(const char *text, size_t columns, size_t nbytes)
{
    size_t used = 0, length;

    while (text[used]) {
        size_t width = text_width_next(text + used, &length);

        if (width > columns || used + length > nbytes)
            break;
        columns -= width;
        used += length;
    }
    return used;
}

size_t text_width_prefix(const char *text, size_t columns)
{
    return text_width_bounded_prefix(text, columns, SIZE_MAX);
}

enum { MAX_ESCAPED = 4096 };

const char *text_width_cut(char *buffer, size_t size, const char *text, size_t columns,
                           bool is_utf8)
{
    char escaped[MAX_ESCAPED];
    const char *ellipsis;
    size_t nbytes;

    text_escape(escaped, sizeof(escaped), text);
    if (text_width(escaped) <= columns && strlen(escaped) < size)
        return text_format(buffer, size, "%s", escaped);
    ellipsis = text_width_ellipsis(columns, is_utf8);
    nbytes = text_width_bounded_prefix(escaped, columns - text_width(ellipsis), size - 4);
    return text_format(buffer, size, "%.*s%s", (int)nbytes, escaped, ellipsis);
}

const char *text_width_cut_left(char *buffer, size_t size, const char *text, size_t columns,
                                bool is_utf8)
{
    char escaped[MAX_ESCAPED];
    const char *ellipsis, *rest = escaped;
    size_t width, length;

    text_escape(escaped, sizeof(escaped), text);
    width = text_width(escaped);
    if (width <= columns && strlen(escaped) < size)
        return text_format(buffer, size, "%s", escaped);
    ellipsis = text_width_ellipsis(columns, is_utf8);
    while (*rest && (width + text_width(ellipsis) > columns || strlen(rest) + 4 >= size)) {
        width -= text_width_next(rest, &length);
        rest += length;
    }
    /* A mark has lost the letter that it goes on. */
    while (*rest && text_width_next(rest, &length) == 0)
        rest += length;
    return text_format(buffer, size, "%s%s", ellipsis, rest);
}

void text_width_print(FILE *stream, const char *text, size_t columns, bool is_right)
{
    size_t width = text_width(text);
    int blanks = width < columns ? (int)(columns - width) : 0;

    if (is_right)
        fprintf(stream, "%*s%s", blanks, "", text);
    else
        fprintf(stream, "%s%*s", text, blanks, "");
}
