#include "common/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *text_format(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return buffer;
}

size_t text_utf8_length(const char *text)
{
    size_t available = strnlen(text, 4);

    for (size_t length = 1; length <= available; length++)
        if (text_is_utf8(text, length))
            return length;
    return 0;
}

/* U+202A to U+202E and U+2066 to U+2069: what follows is shown from right to left, or in another
 * order than it has. */
static bool text_turns_direction(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;

    return bytes[0] == 0xe2 && ((bytes[1] == 0x80 && bytes[2] >= 0xaa && bytes[2] <= 0xae) ||
                                (bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9));
}

/*
 * Writes the first character of text as it is or escaped, at most 4 bytes and a NUL.  Returns how
 * many bytes of text were written.  U+0080 to U+009F, which drive terminals too, are 0xc2 and a
 * second byte: the first is escaped here, and the second next, because it is malformed alone.  So
 * are those that turn the direction.
 */
static size_t text_escape_character(char out[5], const char *text)
{
    unsigned char byte = (unsigned char)*text;
    size_t length = text_utf8_length(text);

    if (byte == '\n')
        snprintf(out, 5, "\\n");
    else if (byte == '\t')
        snprintf(out, 5, "\\t");
    else if (byte == '\\')
        snprintf(out, 5, "\\\\");
    else if (length == 0 || byte < 0x20 || byte == 0x7f ||
             (byte == 0xc2 && (unsigned char)text[1] < 0xa0) || text_turns_direction(text))
        snprintf(out, 5, "\\x%02x", byte);
    else {
        memcpy(out, text, length);
        out[length] = '\0';
        return length;
    }
    return 1;
}

void text_print_escaped(FILE *stream, const char *text)
{
    char escaped[5];

    while (*text) {
        text += text_escape_character(escaped, text);
        fputs(escaped, stream);
    }
}

static bool text_needs_escape(const char *text)
{
    char escaped[5];

    while (*text) {
        const char *before = text;

        text += text_escape_character(escaped, text);
        if (*before != '\\' && *before != escaped[0])
            return true;
    }
    return false;
}

void text_print_argument(FILE *stream, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";
    bool needs_escape = text_needs_escape(text);

    if (*text && text[strspn(text, plain)] == '\0') {
        fputs(text, stream);
        return;
    }
    fputs(needs_escape ? "$'" : "'", stream);
    for (; *text; text++) {
        if (needs_escape &&
            (strchr("'\\", *text) || (unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f))
            fprintf(stream, "\\x%02x", (unsigned char)*text);
        else if (*text == '\'')
            fputs("'\\''", stream);
        else
            fputc(*text, stream);
    }
    fputc('\'', stream);
}

static const char *text_escape_into(char *buffer, size_t size, const char *text,
                                    bool keeps_backslashes)
{
    size_t used = 0;
    char escaped[5];

    while (*text) {
        size_t length;
        bool is_kept = keeps_backslashes && *text == '\\';

        text += text_escape_character(escaped, text);
        length = is_kept ? 1 : strlen(escaped);
        if (used + length >= size)
            break;
        memcpy(buffer + used, escaped, length);
        used += length;
    }
    buffer[used] = '\0';
    return buffer;
}

const char *text_escape(char *buffer, size_t size, const char *text)
{
    return text_escape_into(buffer, size, text, false);
}

const char *text_escape_line(char *buffer, size_t size, const char *text)
{
    return text_escape_into(buffer, size, text, true);
}

static bool text_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int text_compare_natural(const char *a, const char *b)
{
    const char *a_start = a, *b_start = b;

    while (*a && *b) {
        if (text_is_digit(*a) && text_is_digit(*b)) {
            size_t a_digits, b_digits;
            int order;

            while (*a == '0')
                a++;
            while (*b == '0')
                b++;
            a_digits = strspn(a, "0123456789");
            b_digits = strspn(b, "0123456789");
            if (a_digits != b_digits)
                return a_digits < b_digits ? -1 : 1;
            order = memcmp(a, b, a_digits);
            if (order)
                return order;
            a += a_digits;
            b += b_digits;
        } else {
            if (*a != *b)
                return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
            a++;
            b++;
        }
    }
    if (*a || *b)
        return *a ? 1 : -1;
    return strcmp(a_start, b_start);
}

bool text_is_utf8(const char *text, size_t nbytes)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t i = 0;

    while (i < nbytes) {
        unsigned char lead = byte[i++];
        size_t num_following;
        uint32_t code, smallest;

        if (lead < 0x80)
            continue;
        if (lead >= 0xc2 && lead <= 0xdf) {
            num_following = 1, code = lead & 0x1f, smallest = 0x80;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            num_following = 2, code = lead & 0x0f, smallest = 0x800;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            num_following = 3, code = lead & 0x07, smallest = 0x10000;
        } else {
            return false;
        }
        for (; num_following > 0; num_following--) {
            if (i == nbytes || (byte[i] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (byte[i++] & 0x3f);
        }
        if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
    }
    return true;
}

const char *text_make_utf8(char *buffer, size_t size, const char *text)
{
    size_t used = 0;

    while (*text && used + 5 < size) {
        size_t length = 1;

        while (length < 4 && text[length] && !text_is_utf8(text, length))
            length++;
        if (text_is_utf8(text, length)) {
            memcpy(buffer + used, text, length);
            used += length;
            text += length;
        } else {
            used += (size_t)snprintf(buffer + used, 5, "\\x%02x", (unsigned char)*text);
            text++;
        }
    }
    buffer[used] = '\0';
    return buffer;
}

bool text_to_count(const char *text, uint64_t *value)
{
    uint64_t parsed = 0;

    if (text[0] == '\0')
        return false;
    for (const char *c = text; *c; c++) {
        uint64_t digit = (uint64_t)(*c - '0');

        if (*c < '0' || *c > '9' || parsed > (UINT64_MAX - digit) / 10)
            return false;
        parsed = 10 * parsed + digit;
    }
    *value = parsed;
    return true;
}

const char *text_group_digits(char *buffer, size_t size, uint64_t number)
{
    char digits[24];
    int num_digits = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    size_t used = 0;

    for (int i = 0; i < num_digits; i++) {
        bool has_comma = i > 0 && (num_digits - i) % 3 == 0;

        if (used + has_comma + 1 >= size)
            break;
        if (has_comma)
            buffer[used++] = ',';
        buffer[used++] = digits[i];
    }
    buffer[used] = '\0';
    return buffer;
}
