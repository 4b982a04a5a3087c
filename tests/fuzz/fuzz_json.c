/*
 * Lines of a log: any bytes are an object or not; of an object members can be looked for and read,
 * and what is read is UTF-8 if the line is.
 */
#include <string.h>

#include "common/json_reader.h"
#include "common/text.h"
#include "tests/fuzz/fuzz.h"

static void check_value(const char *value, bool is_utf8)
{
    char text[40];
    uint64_t count;
    double real;

    json_get_count(value, &count);
    json_get_real(value, &real);
    if (json_get_text(value, text, sizeof(text)))
        FUZZ_DEMAND(strlen(text) < sizeof(text) && (!is_utf8 || strlen(text) > sizeof(text) - 5 ||
                                                    text_is_utf8(text, strlen(text))));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    static const char *const names[] = {"event", "epoch", "a", ""};
    char *line = malloc(nbytes + 1);

    FUZZ_DEMAND(line);
    if (nbytes > 0)
        memcpy(line, bytes, nbytes);
    line[nbytes] = '\0';
    if (json_is_object(line)) {
        bool is_utf8 = text_is_utf8(line, strlen(line));

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            const char *value = json_find(line, names[i]);

            check_value(value, is_utf8);
            for (const char *item = json_first_item(value); item; item = json_next_item(item))
                check_value(item, is_utf8);
        }
    }
    free(line);
    return 0;
}
