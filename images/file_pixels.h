/*
 * From what a source gives to pixels: an image file is decoded, and what is pixels already, a row
 * of an array, is taken as it is.
 */
#ifndef QUERN_IMAGES_FILE_PIXELS_H
#define QUERN_IMAGES_FILE_PIXELS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "images/decoder.h"
#include "images/sources/source_file.h"

/* As decoder_read_info and decoder_read. */
bool file_pixels_read_info(const char *name, const struct source_file *file, uint64_t max_pixels,
                           struct image_info *info, struct error *error);
bool file_pixels_read(const char *name, const struct source_file *file, uint64_t max_pixels,
                      unsigned channels, struct image_info *info, struct image_pixels *pixels,
                      struct error *error);

#endif
