/*
 * Base64 (RFC 4648, section 4), as pages, terminals and mails take bytes.
 */
#ifndef QUERN_COMMON_BASE64_H
#define QUERN_COMMON_BASE64_H

#include <stddef.h>
#include <stdio.h>

/* Characters that nbytes become, padding counted. */
size_t base64_length(size_t nbytes);

/* Writes the characters of nbytes, in one line without an end of line. */
void base64_write(FILE *stream, const void *bytes, size_t nbytes);

#endif
