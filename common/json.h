/*
 * Writing JSON (RFC 8259): objects, arrays and values in the order they are called for.  Strings
 * are escaped; bytes that are not UTF-8 become U+FFFD; numbers that are not finite become null.
 */
#ifndef QUERN_COMMON_JSON_H
#define QUERN_COMMON_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *stream;
    bool needs_comma;
};

/* key is NULL inside an array and at the top. */
void json_begin_object(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_begin_array(struct json *json, const char *key);
void json_end_array(struct json *json);
void json_string(struct json *json, const char *key, const char *value);
void json_count(struct json *json, const char *key, uint64_t value);
/* The shortest decimal that reads back as the same double. */
void json_real(struct json *json, const char *key, double value);
/* The shortest decimal that reads back as the same float. */
void json_float(struct json *json, const char *key, float value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif
