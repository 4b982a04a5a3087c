#include <quern/error.h>

#include <string.h>

#include "library/quern/error_fill.h"

QUERN_API const char *quern_version(void)
{
    return QUERN_VERSION;
}

bool quern_error_holds(const struct quern_error *error)
{
    return error && error->status != QUERN_OK;
}

bool quern_error_fill(struct quern_error *error, const struct error *reason)
{
    FILE *stream;

    if (!error || error->status != QUERN_OK)
        return false;
    error->status = (int)reason->status;
    memset(error->message, 0, sizeof(error->message));
    /* The last byte stays 0 whatever is written. */
    stream = fmemopen(error->message, sizeof(error->message) - 1, "w");
    if (!stream) {
        memcpy(error->message, "no memory for the message", sizeof("no memory for the message"));
        return false;
    }
    error_print_reason(reason, stream);
    fclose(stream);
    return false;
}
