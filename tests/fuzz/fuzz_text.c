/*
 * Text: UTF-8, escaping, natural order and JSON, by properties that hold for any bytes.  The input
 * is cut into three texts at NUL bytes.
 */
#include <stdbool.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "tests/fuzz/fuzz.h"

enum { NUM_TEXTS = 3, MAX_NBYTES = 512 };

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

/*
 * What a terminal obeys: C0, DEL, C1, which in UTF-8 is 0xc2 and 0x80 to 0x9f, and the marks that
 * turn the direction of writing, U+202A to U+202E and U+2066 to U+2069.
 */
static bool is_obeyed(const unsigned char *byte)
{
    return *byte < 0x20 || *byte == 0x7f ||
           (byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0) ||
           (byte[0] == 0xe2 && byte[1] == 0x80 && byte[2] >= 0xaa && byte[2] <= 0xae) ||
           (byte[0] == 0xe2 && byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9);
}

static void demand_harmless(const char *text)
{
    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++)
        FUZZ_DEMAND(!is_obeyed(byte));
    FUZZ_DEMAND(text_is_utf8(text, strlen(text)));
}

static bool has_nothing_to_escape(const char *text)
{
    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++)
        if (*byte == '\\' || is_obeyed(byte))
            return false;
    return text_is_utf8(text, strlen(text));
}

static void check_escape(const char *text)
{
    char whole[4 * MAX_NBYTES + 1], cut[16], *printed = NULL;
    size_t printed_nbytes;
    FILE *stream = open_memstream(&printed, &printed_nbytes);

    FUZZ_DEMAND(stream);
    text_escape(whole, sizeof(whole), text);
    demand_harmless(whole);
    FUZZ_DEMAND((strcmp(whole, text) == 0) == has_nothing_to_escape(text));
    text_escape(cut, sizeof(cut), text);
    demand_harmless(cut);
    FUZZ_DEMAND(strncmp(cut, whole, strlen(cut)) == 0);
    text_print_escaped(stream, text);
    fclose(stream);
    FUZZ_DEMAND(strcmp(printed, whole) == 0);
    free(printed);
}

static void check_utf8(const char *text)
{
    bool is_whole = text_is_utf8(text, strlen(text));
    const char *next = text;
    size_t length;

    while ((length = text_utf8_length(next)) > 0) {
        FUZZ_DEMAND(length <= 4 && length <= strlen(next));
        FUZZ_DEMAND(text_is_utf8(next, length));
        next += length;
    }
    FUZZ_DEMAND(is_whole == (*next == '\0'));
}

/* What is printed is one line of UTF-8 without control characters, in quotes that close. */
static void check_json(const char *text)
{
    char *printed = NULL;
    size_t nbytes, i = 1;
    struct json json = {.stream = open_memstream(&printed, &nbytes)};

    FUZZ_DEMAND(json.stream);
    json_string(&json, NULL, text);
    fclose(json.stream);
    FUZZ_DEMAND(nbytes >= 2 && printed[0] == '"');
    FUZZ_DEMAND(text_is_utf8(printed, nbytes));
    while (i < nbytes && printed[i] != '"') {
        FUZZ_DEMAND((unsigned char)printed[i] >= 0x20);
        FUZZ_DEMAND((unsigned char)printed[i] != 0xc2 || (unsigned char)printed[i + 1] >= 0xa0);
        i += printed[i] == '\\' ? 2 : 1;
    }
    FUZZ_DEMAND(i + 1 == nbytes);
    free(printed);
}

static void check_order(char texts[NUM_TEXTS][MAX_NBYTES])
{
    for (int a = 0; a < NUM_TEXTS; a++) {
        for (int b = 0; b < NUM_TEXTS; b++) {
            int order = sign(text_compare_natural(texts[a], texts[b]));

            FUZZ_DEMAND(order == -sign(text_compare_natural(texts[b], texts[a])));
            FUZZ_DEMAND((order == 0) == (strcmp(texts[a], texts[b]) == 0));
            for (int c = 0; c < NUM_TEXTS; c++)
                if (order <= 0 && text_compare_natural(texts[b], texts[c]) <= 0)
                    FUZZ_DEMAND(text_compare_natural(texts[a], texts[c]) <= 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    char texts[NUM_TEXTS][MAX_NBYTES] = {{0}};

    for (int i = 0; i < NUM_TEXTS; i++) {
        const uint8_t *end = memchr(bytes, '\0', nbytes);
        size_t length = end ? (size_t)(end - bytes) : nbytes;
        size_t kept = length < MAX_NBYTES - 1 ? length : MAX_NBYTES - 1;

        if (kept > 0)
            memcpy(texts[i], bytes, kept);
        check_escape(texts[i]);
        check_utf8(texts[i]);
        check_json(texts[i]);
        if (!end)
            break;
        bytes += length + 1;
        nbytes -= length + 1;
    }
    check_order(texts);
    return 0;
}
