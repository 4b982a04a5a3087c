#include "view/svg/markup.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/text.h"

/* Of two to four bytes; text_utf8_length has said that they are well-formed. */
static uint32_t markup_decode(const unsigned char *bytes, size_t length)
{
    uint32_t code = length == 1 ? bytes[0] : bytes[0] & (0x7fU >> length);

    for (size_t i = 1; i < length; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    return code;
}

/* Control characters of ASCII and Latin-1, marks of direction, separators of lines. */
static bool markup_is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff0 && code <= 0xffff) || code >= 0xe0000;
}

static const char *markup_reference(unsigned char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Writes the character that text begins with (to no stream: nothing); returns its bytes and adds to
 * *num_shown how many characters it takes. */
static size_t markup_put(FILE *stream, const char *text, size_t *num_shown)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = text_utf8_length(text);
    bool is_hidden = length == 0 || markup_is_hidden(markup_decode(bytes, length));
    const char *reference = markup_reference(bytes[0]);

    if (length == 0)
        length = 1;
    *num_shown += is_hidden ? 4 * length : 1;
    if (!stream)
        return length;
    if (is_hidden)
        for (size_t i = 0; i < length; i++)
            fprintf(stream, "\\x%02x", bytes[i]);
    else if (reference)
        fputs(reference, stream);
    else
        fwrite(text, 1, length, stream);
    return length;
}

void markup_text(FILE *stream, const char *text)
{
    size_t num_shown = 0;

    while (*text)
        text += markup_put(stream, text, &num_shown);
}

size_t markup_count_characters(const char *text)
{
    size_t num_shown = 0;

    while (*text)
        text += markup_put(NULL, text, &num_shown);
    return num_shown;
}

void markup_text_cut(FILE *stream, const char *text, size_t max_characters)
{
    bool is_cut = markup_count_characters(text) > max_characters;
    size_t num_shown = 0;

    while (*text && (!is_cut || num_shown + 1 < max_characters))
        text += markup_put(stream, text, &num_shown);
    if (is_cut)
        fputs("…", stream);
}

void markup_coordinate(FILE *stream, double value)
{
    long hundredths = isfinite(value) && fabs(value) < 1e9 ? lround(value * 100) : 0;
    const char *sign = hundredths < 0 ? "-" : "";

    hundredths = labs(hundredths);
    if (hundredths % 100 == 0)
        fprintf(stream, "%s%ld", sign, hundredths / 100);
    else if (hundredths % 10 == 0)
        fprintf(stream, "%s%ld.%ld", sign, hundredths / 100, hundredths / 10 % 10);
    else
        fprintf(stream, "%s%ld.%02ld", sign, hundredths / 100, hundredths % 100);
}
