#include "common/json.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static void json_print_string(FILE *stream, const char *text)
{
    fputc('"', stream);
    while (*text) {
        unsigned char byte = (unsigned char)*text;
        size_t length = text_utf8_length(text);

        if (length == 0) {
            fputs("\\ufffd", stream);
            length = 1;
        } else if (byte == '"' || byte == '\\') {
            fprintf(stream, "\\%c", byte);
        } else if (byte < 0x20 || byte == 0x7f) {
            fprintf(stream, "\\u%04x", byte);
        } else if (byte == 0xc2 && (unsigned char)text[1] < 0xa0) {
            /* U+0080 to U+009F drive terminals too. */
            fprintf(stream, "\\u%04x", (unsigned char)text[1]);
        } else {
            fwrite(text, 1, length, stream);
        }
        text += length;
    }
    fputc('"', stream);
}

static void json_begin_value(struct json *json, const char *key)
{
    if (json->needs_comma)
        fputc(',', json->stream);
    json->needs_comma = true;
    if (key) {
        json_print_string(json->stream, key);
        fputc(':', json->stream);
    }
}

static void json_begin_nested(struct json *json, const char *key, char bracket)
{
    json_begin_value(json, key);
    fputc(bracket, json->stream);
    json->needs_comma = false;
}

static void json_end_nested(struct json *json, char bracket)
{
    fputc(bracket, json->stream);
    json->needs_comma = true;
}

void json_begin_object(struct json *json, const char *key)
{
    json_begin_nested(json, key, '{');
}

void json_end_object(struct json *json)
{
    json_end_nested(json, '}');
}

void json_begin_array(struct json *json, const char *key)
{
    json_begin_nested(json, key, '[');
}

void json_end_array(struct json *json)
{
    json_end_nested(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
    json_begin_value(json, key);
    json_print_string(json->stream, value);
}

void json_count(struct json *json, const char *key, uint64_t value)
{
    json_begin_value(json, key);
    fprintf(json->stream, "%" PRIu64, value);
}

void json_real(struct json *json, const char *key, double value)
{
    char number[40];

    if (!isfinite(value)) {
        json_null(json, key);
        return;
    }
    json_begin_value(json, key);
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(number, sizeof(number), "%.*g", digits, value);
        if (strtod(number, NULL) == value)
            break;
    }
    fputs(number, json->stream);
}

void json_float(struct json *json, const char *key, float value)
{
    char number[40];

    if (!isfinite(value)) {
        json_null(json, key);
        return;
    }
    json_begin_value(json, key);
    for (int digits = fabsf(value) < FLT_MIN ? 1 : 6; digits <= 9; digits++) {
        snprintf(number, sizeof(number), "%.*g", digits, (double)value);
        if (strtof(number, NULL) == value)
            break;
    }
    fputs(number, json->stream);
}

void json_bool(struct json *json, const char *key, bool value)
{
    json_begin_value(json, key);
    fputs(value ? "true" : "false", json->stream);
}

void json_null(struct json *json, const char *key)
{
    json_begin_value(json, key);
    fputs("null", json->stream);
}
