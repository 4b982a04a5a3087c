/*
 * Image formats: one table, in which a format has a line.  Whoever reads an image finds its decoder
 * by the first bytes of the file, never by its name; by its name a file counts as an image at all.
 */
#ifndef QUERN_IMAGES_DECODER_H
#define QUERN_IMAGES_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/samples.h"

enum { IMAGE_MAX_FAULT_NBYTES = 64 };

/* What a header says: enough to choose a shape before pixels are decoded. */
struct image_info {
    uint32_t width, height;
    bool is_gray; /* decoding to one channel loses nothing */
    bool is_deep; /* samples of 16 bits */
    /* Only once pixels are decoded: some pixel is not opaque; of samples of 16 bits of pixels that
     * can be seen, if there are any, the least and the most. */
    bool is_transparent;
    bool has_range;
    uint16_t low, high;
    /* What is wrong with the file that does not touch its pixels, which are certain all the same:
     * "wrong checksum of tEXt"; empty: nothing that was met so far. */
    char fault[IMAGE_MAX_FAULT_NBYTES];
};

/* Where pixels go, and memory that is used again from one file to the next; {0} at first. */
struct image_pixels {
    uint8_t *values; /* [height][width][channels] of the last image: at place or in the block */
    /* Memory of the caller's for an image of this size; NULL: none.  All others go to the block. */
    uint8_t *place;
    uint32_t place_height, place_width;
    /* The most that an image may take besides its place: its block, and what decompressing it
     * takes; 0: any number of bytes. */
    uint64_t max_nbytes;
    struct samples_rule rule; /* for what has alpha or 16 bits */
    uint8_t *block;
    size_t block_nbytes;
    struct png_plain *png; /* working memory of one format: png_plain.h */
};

/* The bytes that an image of so many channels takes in the block: none if it has its place. */
uint64_t image_pixels_block_nbytes(const struct image_pixels *pixels, const struct image_info *info,
                                   unsigned channels);
/* Do the pixels and nbytes more keep to pixels->max_nbytes?  If not, reason says so. */
bool image_pixels_fit(const struct image_pixels *pixels, const struct image_info *info,
                      unsigned channels, uint64_t nbytes, char *reason, size_t size);
/* Points pixels->values to room for the image; NULL without memory. */
uint8_t *image_pixels_reserve(struct image_pixels *pixels, const struct image_info *info,
                              unsigned channels);
void image_pixels_free(struct image_pixels *pixels);

/* A row of width pixels from 1 or 3 channels to 1 or 3: RGB to gray is ITU-R 601 luma in integers,
 * (19595 R + 38470 G + 7471 B + 32768) >> 16; gray to RGB repeats the sample. */
void image_convert_row(const uint8_t *row, unsigned row_channels, size_t width, uint8_t *out,
                       unsigned channels);

/* The most pixels of an image, unless --max-pixels says otherwise. */
enum { DECODER_DEFAULT_MAX_PIXELS = 16777216 };

enum { DECODER_MAX_SIGNATURE_NBYTES = 16 };

/*
 * A format.  Both functions refuse, with STATUS_DATA, what is no whole image of the format or has
 * more than max_pixels pixels (width times height); name is for messages.  An image that takes more
 * than pixels->max_nbytes is STATUS_USAGE; its info is filled all the same.  Pixels come out as
 * uint8, gray (channels 1) or RGB (channels 3), whatever the file holds: each format says by which
 * rules samples of other widths, palettes and alpha become those.  Thread-safe.
 */
struct decoder {
    const char *name; /* "PNG", in messages */
    const char *signature;
    size_t signature_nbytes;
    const char *const *extensions; /* ".png", in lower case; NULL at the end */
    bool (*read_info)(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                      struct image_info *info, struct error *error);
    bool (*read)(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                 unsigned channels, struct image_info *info, struct image_pixels *pixels,
                 struct error *error);
    /* The library that decodes and its version, of a format whose pixels may depend on it; NULL:
     * every library gives the same. */
    const char *(*library)(void);
};

/* The decoder for a file that begins so; NULL if there is none. */
const struct decoder *decoder_find(const void *bytes, size_t nbytes);

/* Does a name end like that of an image, in upper or lower case? */
bool decoder_has_extension(const char *name);

/* The same as the decoder's own, for a whole file, once its decoder is found; a file without one is
 * refused by what it is. */
bool decoder_read_info(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                       struct image_info *info, struct error *error);
bool decoder_read(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                  unsigned channels, struct image_info *info, struct image_pixels *pixels,
                  struct error *error);

#endif
