#include "common/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static bool refuse(const char *name, const char *text, const char *expected, struct error *error)
{
    return error_set(error, STATUS_USAGE,
                     ERROR_AT(.expected = expected, .found = TEXT("'%s'", text)), "%s", name);
}

bool parse_count(const char *name, const char *text, uint64_t minimum, uint64_t maximum,
                 uint64_t *value, struct error *error)
{
    const char *expected =
        maximum == UINT64_MAX
            ? TEXT("a whole number, %" PRIu64 " or more", minimum)
            : TEXT("a whole number from %" PRIu64 " to %" PRIu64, minimum, maximum);
    uint64_t parsed = 0;

    if (text[0] == '\0')
        return refuse(name, text, expected, error);
    for (const char *c = text; *c; c++) {
        uint64_t digit = (uint64_t)(*c - '0');

        if (*c < '0' || *c > '9' || parsed > (UINT64_MAX - digit) / 10)
            return refuse(name, text, expected, error);
        parsed = 10 * parsed + digit;
    }
    if (parsed < minimum || parsed > maximum)
        return refuse(name, text, expected, error);
    *value = parsed;
    return true;
}

bool parse_nbytes(const char *name, const char *text, uint64_t minimum, uint64_t *value,
                  struct error *error)
{
    static const char units[] = "KMGT";
    const char *expected =
        TEXT("a number of bytes such as 512M or 4G, %" PRIu64 " or more", minimum);
    size_t num_digits = strspn(text, "0123456789");
    const char *unit = text[num_digits] ? strchr(units, text[num_digits]) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    struct error ignored = {0};
    uint64_t number;

    if ((text[num_digits] && (!unit || text[num_digits + 1])) || num_digits > 20 ||
        !parse_count(name, TEXT("%.*s", (int)num_digits, text), 0, UINT64_MAX, &number, &ignored) ||
        number > UINT64_MAX >> shift || number << shift < minimum)
        return refuse(name, text, expected, error);
    *value = number << shift;
    return true;
}

bool parse_real(const char *name, const char *text, double minimum, double maximum, double *value,
                struct error *error)
{
    const char *expected = isinf(minimum)   ? "a number"
                           : isinf(maximum) ? TEXT("a number, %g or more", minimum)
                                            : TEXT("a number from %g to %g", minimum, maximum);
    char *end;
    double parsed;

    if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return refuse(name, text, expected, error);
    errno = 0;
    parsed = strtod(text, &end);
    /* ERANGE is also said of tiny numbers that are still exact enough; only overflow is wrong. */
    if (*end != '\0' || !isfinite(parsed) || parsed < minimum || parsed > maximum)
        return refuse(name, text, expected, error);
    *value = parsed;
    return true;
}

bool parse_size(const char *name, const char *text, uint64_t *height, uint64_t *width,
                struct error *error)
{
    const char *separator = strchr(text, 'x');
    char number[8];
    struct error ignored = {0};

    if (separator && (size_t)(separator - text) < sizeof(number)) {
        snprintf(number, sizeof(number), "%.*s", (int)(separator - text), text);
        if (parse_count(name, number, 1, 65535, height, &ignored) &&
            parse_count(name, separator + 1, 1, 65535, width, &ignored))
            return true;
    }
    return refuse(name, text, "HEIGHTxWIDTH such as 28x28, each 1 to 65535", error);
}

bool parse_names(const char *name, const char *text, struct text_list *names, struct error *error)
{
    char *item = malloc(strlen(text) + 1);
    size_t length = 0;
    bool ok = true;

    if (!item)
        return error_set_memory(error, strlen(text) + 1);
    for (const char *c = text; ok; c++) {
        if (*c == '\\' && c[1] != '\0') {
            item[length++] = *++c;
        } else if (*c != ',' && *c != '\0') {
            item[length++] = *c;
        } else {
            item[length] = '\0';
            if (length == 0)
                ok = refuse(name, text, "names with commas between them", error);
            else if (text_list_find(names, item) < names->count)
                ok = refuse(name, text, "each name once", error);
            else
                ok = text_list_add(names, item, error);
            length = 0;
            if (*c == '\0')
                break;
        }
    }
    free(item);
    return ok;
}
