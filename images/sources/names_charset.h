/*
 * Names of members that another system wrote in its own character set, such as GBK, CP932 or CP866,
 * as UTF-8.
 */
#ifndef QUERN_IMAGES_SOURCES_NAMES_CHARSET_H
#define QUERN_IMAGES_SOURCES_NAMES_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct names_charset;

/* STATUS_USAGE for a character set that the system's iconv does not know.  The name must outlive
 * it.
 */
bool names_charset_open(const char *name, struct names_charset **charset, struct error *error);
/* NULL is fine. */
void names_charset_close(struct names_charset *charset);

/*
 * The name as UTF-8, malloc'ed.  Without a charset (NULL) it is a copy.  NULL with STATUS_DATA,
 * which names the file, for bytes that are no text of the character set.
 */
char *names_charset_convert(struct names_charset *charset, const char *name, size_t nbytes,
                            const char *file, struct error *error);

#endif
