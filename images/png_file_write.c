#include "images/png_file.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

/* One file being encoded. */
struct encoder {
    uint8_t *bytes;
    size_t nbytes;
    size_t capacity;
    char reason[200];
    jmp_buf failed;
};

static void png_write_take_error(png_structp png, png_const_charp message)
{
    struct encoder *encoder = png_get_error_ptr(png);

    text_escape(encoder->reason, sizeof(encoder->reason), message);
    longjmp(encoder->failed, 1);
}

static void png_write_ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void png_write_give_bytes(png_structp png, png_bytep bytes, size_t nbytes)
{
    struct encoder *encoder = png_get_io_ptr(png);

    if (nbytes > encoder->capacity - encoder->nbytes) {
        size_t capacity = 2 * encoder->capacity + nbytes;
        uint8_t *grown = realloc(encoder->bytes, capacity);

        if (!grown)
            png_error(png, "no memory");
        encoder->bytes = grown;
        encoder->capacity = capacity;
    }
    memcpy(encoder->bytes + encoder->nbytes, bytes, nbytes);
    encoder->nbytes += nbytes;
}

static void png_write_flush_nothing(png_structp png)
{
    (void)png;
}

/* The only function that longjmp returns to; all that changes meanwhile is the caller's. */
static bool png_write_run(struct encoder *encoder, png_structp png, png_infop info,
                          const uint8_t *pixels, uint32_t width, uint32_t height, unsigned channels)
{
    if (setjmp(encoder->failed) != 0)
        return false;
    png_set_write_fn(png, encoder, png_write_give_bytes, png_write_flush_nothing);
    /* One filter for all rows: the bytes depend on the pixels and zlib alone. */
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_IHDR(png, info, width, height, 8,
                 channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t y = 0; y < height; y++)
        png_write_row(png, pixels + (size_t)y * width * channels);
    png_write_end(png, NULL);
    return true;
}

bool png_file_write_pixels(const uint8_t *pixels, uint32_t width, uint32_t height,
                           unsigned channels, void **bytes, size_t *nbytes, struct error *error)
{
    struct encoder encoder = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &encoder, png_write_take_error,
                                              png_write_ignore_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool ok = true;

    *bytes = NULL;
    *nbytes = 0;
    if (!info)
        ok = error_set_memory(error, sizeof(encoder));
    else if (!png_write_run(&encoder, png, info, pixels, width, height, channels))
        ok = error_set(error, STATUS_INTERNAL, NULL, "cannot encode a PNG: %s", encoder.reason);
    png_destroy_write_struct(&png, &info);
    if (ok) {
        *bytes = encoder.bytes;
        *nbytes = encoder.nbytes;
    } else {
        free(encoder.bytes);
    }
    return ok;
}
