/*
 * Files of a folder, for source.c: see source.h.
 */
#ifndef QUERN_INGEST_FOLDER_H
#define QUERN_INGEST_FOLDER_H

#include "images/sources/source.h"

/* folder_fd is the source; see source_read. */
bool folder_read(int folder_fd, const char *path, struct source_reader *reader,
                 struct source_file *file, struct error *error);

/* See source_look. */
bool folder_look(int folder_fd, const char *path, struct source_stamp *stamp, struct error *error);

/* Closes what folder_read keeps open. */
void folder_reader_free(struct source_reader *reader);

#endif
