#include "common/json_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static const char *json_skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* ---- what is whole: each function returns where a value ends, or NULL ---- */

/* Four hexadecimal digits as a number, or -1. */
static int json_read_unit(const char *at)
{
    int unit = 0;

    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef", *found;
        char c = at[i];

        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        found = c ? strchr(digits, c) : NULL;
        if (!found)
            return -1;
        unit = 16 * unit + (int)(found - digits);
    }
    return unit;
}

/* at is a quotation mark. */
static const char *json_end_of_string(const char *at)
{
    for (at++; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at != '\\')
            continue;
        at++;
        if (*at == 'u') {
            if (json_read_unit(at + 1) < 0)
                return NULL;
            at += 4;
        } else if (!*at || !strchr("\"\\/bfnrt", *at)) {
            return NULL;
        }
    }
    return at + 1;
}

static const char *json_skip_digits(const char *at)
{
    size_t count = strspn(at, "0123456789");

    return count > 0 ? at + count : NULL;
}

static const char *json_end_of_number(const char *at)
{
    if (*at == '-')
        at++;
    at = *at == '0' ? at + 1 : json_skip_digits(at);
    if (at && *at == '.')
        at = json_skip_digits(at + 1);
    if (at && (*at == 'e' || *at == 'E')) {
        at++;
        if (*at == '+' || *at == '-')
            at++;
        at = json_skip_digits(at);
    }
    return at;
}

static const char *json_end_of_value(const char *at, int depth);

/* at is the bracket that opens an object or an array. */
static const char *json_end_of_items(const char *at, int depth)
{
    const bool is_object = *at == '{';
    const char closing = is_object ? '}' : ']';

    if (depth >= JSON_MAX_DEPTH)
        return NULL;
    at = json_skip_space(at + 1);
    if (*at == closing)
        return at + 1;
    for (;;) {
        if (is_object) {
            at = *at == '"' ? json_end_of_string(at) : NULL;
            if (!at)
                return NULL;
            at = json_skip_space(at);
            if (*at != ':')
                return NULL;
            at = json_skip_space(at + 1);
        }
        at = json_end_of_value(at, depth + 1);
        if (!at)
            return NULL;
        at = json_skip_space(at);
        if (*at == closing)
            return at + 1;
        if (*at != ',')
            return NULL;
        at = json_skip_space(at + 1);
    }
}

static const char *json_end_of_value(const char *at, int depth)
{
    static const char *const words[] = {"true", "false", "null"};

    if (*at == '{' || *at == '[')
        return json_end_of_items(at, depth);
    if (*at == '"')
        return json_end_of_string(at);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    return json_end_of_number(at);
}

bool json_is_object(const char *text)
{
    const char *at = json_skip_space(text);
    const char *end = *at == '{' ? json_end_of_value(at, 0) : NULL;

    return end && *json_skip_space(end) == '\0';
}

/* ---- members and items ---- */

const char *json_find(const char *object, const char *name)
{
    size_t length = strlen(name);
    const char *at = json_skip_space(json_skip_space(object) + 1);

    while (*at == '"') {
        const char *end = json_end_of_string(at);
        bool is_found = (size_t)(end - at) == length + 2 && memcmp(at + 1, name, length) == 0;

        at = json_skip_space(json_skip_space(end) + 1);
        if (is_found)
            return at;
        at = json_skip_space(json_end_of_value(at, 1));
        if (*at == ',')
            at = json_skip_space(at + 1);
    }
    return NULL;
}

const char *json_first_item(const char *array)
{
    if (!array || *array != '[')
        return NULL;
    array = json_skip_space(array + 1);
    return *array == ']' ? NULL : array;
}

const char *json_next_item(const char *item)
{
    const char *at = json_skip_space(json_end_of_value(item, 1));

    return *at == ',' ? json_skip_space(at + 1) : NULL;
}

/* ---- values ---- */

bool json_get_count(const char *value, uint64_t *count)
{
    char digits[24];
    size_t length = value ? strspn(value, "0123456789") : 0;

    if (length == 0 || length >= sizeof(digits) || strchr(".eE", value[length]))
        return false;
    memcpy(digits, value, length);
    digits[length] = '\0';
    return text_to_count(digits, count);
}

bool json_get_real(const char *value, double *real)
{
    if (value && *value == 'n') {
        *real = NAN;
        return true;
    }
    if (!value || !(*value == '-' || (*value >= '0' && *value <= '9')))
        return false;
    *real = strtod(value, NULL);
    return true;
}

static size_t json_put_utf8(char bytes[4], unsigned code)
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        bytes[0] = (char)(0xc0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        bytes[0] = (char)(0xe0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    bytes[0] = (char)(0xf0 | code >> 18);
    bytes[1] = (char)(0x80 | (code >> 12 & 0x3f));
    bytes[2] = (char)(0x80 | (code >> 6 & 0x3f));
    bytes[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* at is the u of an escape; *used is set to the bytes from there on.  A half of a pair alone, and
 * NUL, which would end the text, are U+FFFD. */
static unsigned json_read_code(const char *at, size_t *used)
{
    int unit = json_read_unit(at + 1), low;

    *used = 5;
    if (unit >= 0xd800 && unit < 0xdc00 && at[5] == '\\' && at[6] == 'u') {
        low = json_read_unit(at + 7);
        if (low >= 0xdc00 && low < 0xe000) {
            *used = 11;
            return 0x10000 + ((unsigned)(unit - 0xd800) << 10) + (unsigned)(low - 0xdc00);
        }
    }
    return unit <= 0 || (unit >= 0xd800 && unit < 0xe000) ? 0xfffd : (unsigned)unit;
}

bool json_get_text(const char *value, char *text, size_t size)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    size_t used = 0;

    if (!value || *value != '"' || size == 0)
        return false;
    for (const char *at = value + 1; *at != '"';) {
        char bytes[4];
        size_t count = 1, taken = 1;

        bytes[0] = *at;
        if (*at == '\\' && at[1] == 'u') {
            count = json_put_utf8(bytes, json_read_code(at + 1, &taken));
            taken++;
        } else if (*at == '\\') {
            const char *letter = strchr(letters, at[1]);

            bytes[0] = letter ? meanings[letter - letters] : at[1];
            taken = 2;
        }
        if (used + count >= size)
            break;
        memcpy(text + used, bytes, count);
        used += count;
        at += taken;
    }
    text[used] = '\0';
    return true;
}
