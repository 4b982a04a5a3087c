#include "images/sources/names_charset.h"

#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

struct names_charset {
    iconv_t converter;
    const char *name;
};

bool names_charset_open(const char *name, struct names_charset **result, struct error *error)
{
    struct names_charset *charset = calloc(1, sizeof(*charset));

    *result = NULL;
    if (!charset)
        return error_set_memory(error, sizeof(*charset));
    charset->name = name;
    charset->converter = iconv_open("UTF-8", name);
    if (charset->converter == (iconv_t)-1) {
        free(charset);
        return error_set(error, STATUS_USAGE, ERROR_AT(.found = TEXT("'%s'", name)),
                         "--names-charset: the system knows no such character set (iconv -l lists "
                         "those it knows)");
    }
    *result = charset;
    return true;
}

void names_charset_close(struct names_charset *charset)
{
    if (!charset)
        return;
    iconv_close(charset->converter);
    free(charset);
}

char *names_charset_convert(struct names_charset *charset, const char *name, size_t nbytes,
                            const char *file, struct error *error)
{
    /* No byte of a character set becomes more than four of UTF-8, but some become two characters.
     */
    size_t room = nbytes * 8 + 1;
    char *converted = charset ? malloc(room) : strndup(name, nbytes), *in, *out = converted;

    if (!converted) {
        error_set_memory(error, room);
        return NULL;
    }
    if (!charset)
        return converted;
    room--;
    in = (char *)(uintptr_t)name;
    iconv(charset->converter, NULL, NULL, NULL, NULL);
    if (iconv(charset->converter, &in, &nbytes, &out, &room) == (size_t)-1 ||
        iconv(charset->converter, NULL, NULL, &out, &room) == (size_t)-1) {
        free(converted);
        error_set(error, STATUS_DATA, ERROR_AT(.file = file, .found = TEXT("'%s'", name)),
                  "has a member whose name is no text of --names-charset %s: try another",
                  charset->name);
        return NULL;
    }
    *out = '\0';
    return converted;
}
