/*
 * JPEG images (ITU-T T.81, JFIF, Adobe's CMYK) to uint8 pixels.  Decoding is libjpeg's; this module
 * bounds what a file may make it do and fixes how it decodes: the accurate integer transform
 * (JDCT_ISLOW), smooth upsampling of colour (libjpeg's default), no smoothing between blocks.
 *   - Gray of a YCbCr picture is its luma as it is stored; gray of any other goes by RGB.
 *   - Of CMYK and YCCK pictures, inks are stored inverted, as Adobe does: R = C * K / 255, rounded.
 *   - The picture is turned and mirrored as its EXIF orientation says; width and height are those
 *     of the picture that is meant.
 * What libjpeg only warns of, and decodes to pixels that are not those of the picture, is refused:
 * damaged or missing data, with or without an end.  All functions are thread-safe.
 */
#ifndef QUERN_IMAGES_JPEG_FILE_H
#define QUERN_IMAGES_JPEG_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/decoder.h"

/* The functions of struct decoder: see there. */
bool jpeg_file_read_info(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                         struct image_info *info, struct error *error);
bool jpeg_file_read(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                    unsigned channels, struct image_info *info, struct image_pixels *pixels,
                    struct error *error);
/* "libjpeg-turbo 2.1.5": what quern was built with. */
const char *jpeg_file_library(void);

#endif
