/*
 * The chunks of a PNG file (ISO/IEC 15948, 5.3), for libpng: those of which pixels are made pass
 * through as they are, all others are checked and left out.  So what is wrong in a text, a colour
 * profile or a suggested palette cannot stand between a reader and pixels that are certain, and no
 * version of libpng decides what does.
 *
 * For png_file_read.c.
 */
#ifndef QUERN_IMAGES_PNG_CHUNKS_H
#define QUERN_IMAGES_PNG_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "images/decoder.h"

struct png_chunks {
    const uint8_t *next; /* of the file */
    size_t num_left;
    const uint8_t *passing; /* of the chunk that is taken at the moment */
    size_t num_passing;
    uint8_t color_type;
    uint8_t num_data_runs; /* of IDAT, which are to follow each other */
    bool is_in_data, has_transparency;
    uint32_t num_colors; /* of the palette of an image of palette indices */
    char fault[IMAGE_MAX_FAULT_NBYTES];
};

/* The bytes of a whole file that begins with PNG's signature. */
struct png_chunks png_chunks_begin(const void *bytes, size_t nbytes);

/* Copies what comes next.  NULL, or why there is nothing. */
const char *png_chunks_take(struct png_chunks *chunks, uint8_t *out, size_t nbytes);

#endif
