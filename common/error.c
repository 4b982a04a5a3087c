#include "common/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/progress.h"
#include "common/text.h"
#include "common/wrap.h"

static void error_copy_if_given(char *destination, size_t size, const char *source)
{
    if (source)
        snprintf(destination, size, "%s", source);
}

bool error_set(struct error *error, enum status status, const struct error_context *context,
               const char *format, ...)
{
    va_list arguments;

    if (!error_ok(error))
        return false;
    memset(error, 0, sizeof(*error));
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->what, sizeof(error->what), format, arguments);
    va_end(arguments);
    if (context) {
        error_copy_if_given(error->file, sizeof(error->file), context->file);
        error_copy_if_given(error->dataset, sizeof(error->dataset), context->dataset);
        error_copy_if_given(error->expected, sizeof(error->expected), context->expected);
        error_copy_if_given(error->found, sizeof(error->found), context->found);
        error->has_row = context->row != NULL;
        if (context->row)
            error->row = *context->row;
    }
    return false;
}

bool error_set_errno(struct error *error, const char *file, const char *what)
{
    return error_set(error, STATUS_IO, ERROR_AT(.file = file), "%s: %s", what, strerror(errno));
}

bool error_set_memory(struct error *error, uint64_t nbytes)
{
    return error_set(error, STATUS_INTERNAL, NULL, "no memory for %" PRIu64 " bytes", nbytes);
}

static void error_print_part(FILE *stream, const char *before, const char *text, const char *after)
{
    if (text[0] == '\0')
        return;
    fputs(before, stream);
    text_print_escaped(stream, text);
    fputs(after, stream);
}

void error_print_reason(const struct error *error, FILE *stream)
{
    error_print_part(stream, "", error->file, ": ");
    error_print_part(stream, "", error->dataset, error->has_row ? ", " : ": ");
    if (error->has_row)
        fprintf(stream, "row %" PRIu64 ": ", error->row);
    text_print_escaped(stream, error->what);
    error_print_part(stream, ": expected ", error->expected, error->found[0] ? "," : "");
    error_print_part(stream, error->expected[0] ? " found " : ": found ", error->found, "");
}

void error_print(const struct error *error, const char *program, FILE *stream)
{
    char *reason = NULL;
    size_t nbytes = 0;
    FILE *memory = open_memstream(&reason, &nbytes);

    progress_wipe();
    if (memory)
        error_print_reason(error, memory);
    if (memory && fclose(memory) == 0) {
        wrap_format(stream, 2, "%s: %s", program, reason);
    } else { /* no memory: not wrapped */
        fprintf(stream, "%s: ", program);
        error_print_reason(error, stream);
        fputc('\n', stream);
    }
    free(reason);
}
