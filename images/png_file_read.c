#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "images/png_file.h"
#include "images/png_plain.h"

enum {
    SIGNATURE_NBYTES = 8,
    MAX_DIMENSION = 0x7fffffff, /* the format's own; max_pixels bounds the area */
};

/* One file being decoded. */
struct decoder {
    uint64_t max_pixels;
    unsigned channels;
    uint8_t *pixels;                 /* NULL when only the header is wanted */
    struct png_file_pixels *growing; /* where they shall be, instead of pixels; or NULL */
    struct png_file_info info;

    const uint8_t *next;
    size_t num_left;
    png_structp png;
    png_infop png_info;
    uint8_t *scratch;
    bool is_out_of_memory;
    bool is_too_large; /* for the limit that the pixels have */
    char reason[200];  /* libpng's, or ours */
    jmp_buf failed;
};

/* What a file is that has no PNG signature, by its first bytes. */
static const char *name_other_format(const uint8_t *bytes, size_t nbytes)
{
    static const struct {
        const char *signature;
        size_t nbytes;
        size_t offset;
        const char *name;
    } formats[] = {
        {"\xff\xd8\xff", 3, 0, "not a PNG file (a JPEG)"},
        {"GIF8", 4, 0, "not a PNG file (a GIF)"},
        {"BM", 2, 0, "not a PNG file (a BMP)"},
        {"WEBP", 4, 8, "not a PNG file (a WebP)"}, /* in a RIFF container */
        {"II*\0", 4, 0, "not a PNG file (a TIFF)"},
        {"MM\0*", 4, 0, "not a PNG file (a TIFF)"},
    };

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (nbytes >= formats[i].offset + formats[i].nbytes &&
            memcmp(bytes + formats[i].offset, formats[i].signature, formats[i].nbytes) == 0)
            return formats[i].name;
    return "not a PNG file";
}

static bool refuse(const char *name, const char *reason, struct error *error)
{
    return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "%s", reason);
}

static void take_error(png_structp png, png_const_charp message)
{
    struct decoder *decoder = png_get_error_ptr(png);

    if (decoder->reason[0] == '\0')
        text_escape(decoder->reason, sizeof(decoder->reason), message);
    longjmp(decoder->failed, 1);
}

/* libpng reports a machine without memory like a damaged file; the two must not be confused. */
static void *allocate(png_structp png, png_alloc_size_t nbytes)
{
    struct decoder *decoder = png_get_mem_ptr(png);
    void *block = malloc(nbytes);

    if (!block)
        decoder->is_out_of_memory = true;
    return block;
}

static void release(png_structp png, void *block)
{
    (void)png;
    free(block);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void take_bytes(png_structp png, png_bytep out, size_t nbytes)
{
    struct decoder *decoder = png_get_io_ptr(png);

    if (nbytes > decoder->num_left)
        png_error(png, "truncated");
    memcpy(out, decoder->next, nbytes);
    decoder->next += nbytes;
    decoder->num_left -= nbytes;
}

static bool check_signature(const char *name, const void *bytes, size_t nbytes, struct error *error)
{
    if (nbytes == 0)
        return refuse(name, "empty file", error);
    if (png_sig_cmp(bytes, 0, nbytes < SIGNATURE_NBYTES ? nbytes : SIGNATURE_NBYTES) != 0)
        return refuse(name, name_other_format(bytes, nbytes), error);
    if (nbytes < SIGNATURE_NBYTES)
        return refuse(name, "truncated", error);
    /* Behind the signature and the chunk's length; libpng lets unknown chunks come before. */
    if (nbytes >= SIGNATURE_NBYTES + 8 &&
        memcmp((const char *)bytes + SIGNATURE_NBYTES + 4, "IHDR", 4) != 0)
        return refuse(name, "its first chunk is not the header (IHDR)", error);
    return true;
}

/* Reads all that stands before the pixels; leaves by longjmp when it cannot. */
static void read_header(struct decoder *decoder)
{
    png_structp png = decoder->png;
    png_uint_32 width, height;
    png_colorp palette;
    int num_colors = 0, color_type;

    png_set_read_fn(png, decoder, take_bytes);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_benign_errors(png, 0);
    /* Chunks that carry no pixels are checked and skipped, never stored: none needs a limit. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(png, MAX_DIMENSION, MAX_DIMENSION);
    png_set_chunk_malloc_max(png, 0);
    png_read_info(png, decoder->png_info);

    width = png_get_image_width(png, decoder->png_info);
    height = png_get_image_height(png, decoder->png_info);
    if ((uint64_t)width * height > decoder->max_pixels) {
        text_format(decoder->reason, sizeof(decoder->reason),
                    "%ux%u is %llu pixels, more than the %llu allowed", (unsigned)height,
                    (unsigned)width, (unsigned long long)width * height,
                    (unsigned long long)decoder->max_pixels);
        png_error(png, "too large");
    }
    color_type = png_get_color_type(png, decoder->png_info);
    decoder->info = (struct png_file_info){
        .width = width, .height = height, .is_gray = (color_type & PNG_COLOR_MASK_COLOR) == 0};
    if (color_type == PNG_COLOR_TYPE_PALETTE &&
        png_get_PLTE(png, decoder->png_info, &palette, &num_colors)) {
        decoder->info.is_gray = true;
        for (int i = 0; i < num_colors; i++)
            if (palette[i].red != palette[i].green || palette[i].red != palette[i].blue)
                decoder->info.is_gray = false;
    }
}

/* Chooses the transformations to 8-bit gray or RGB; returns the channels that libpng will give. */
static unsigned choose_transformations(png_structp png, png_infop info)
{
    int color_type = png_get_color_type(png, info);

    if (png_get_bit_depth(png, info) == 16)
        png_set_scale_16(png);
    if (color_type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    else if (color_type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    png_set_strip_alpha(png);
    return color_type & PNG_COLOR_MASK_COLOR ? 3 : 1;
}

/* Makes room for the pixels, now that the header is known; scratch_nbytes are needed besides. */
static void grow_pixels(struct decoder *decoder, size_t scratch_nbytes)
{
    struct png_file_pixels *growing = decoder->growing;
    uint64_t nbytes = png_block_nbytes(growing, &decoder->info, decoder->channels) + scratch_nbytes;

    if (growing->max_nbytes > 0 && nbytes > growing->max_nbytes) {
        decoder->is_too_large = true;
        text_format(decoder->reason, sizeof(decoder->reason),
                    "%ux%u takes %llu MB of memory to decode, more than the limit on memory leaves "
                    "for an image",
                    (unsigned)decoder->info.height, (unsigned)decoder->info.width,
                    (unsigned long long)(nbytes / 1000000));
        png_error(decoder->png, "too large");
    }
    decoder->pixels = png_reserve_pixels(growing, &decoder->info, decoder->channels);
    if (!decoder->pixels) {
        decoder->is_out_of_memory = true;
        png_error(decoder->png, "no memory");
    }
}

/* Rows that need no conversion go straight to their place; others by way of scratch memory, which
 * holds the whole image when its rows come in several passes. */
static void read_pixels(struct decoder *decoder)
{
    const size_t width = decoder->info.width, height = decoder->info.height;
    const unsigned channels = decoder->channels;
    const unsigned row_channels = choose_transformations(decoder->png, decoder->png_info);
    const int num_passes = png_set_interlace_handling(decoder->png);
    const bool is_direct = row_channels == channels;
    const size_t num_scratch_rows = is_direct ? 0 : num_passes > 1 ? height : 1;

    if (decoder->growing)
        grow_pixels(decoder, num_scratch_rows * width * row_channels);
    png_read_update_info(decoder->png, decoder->png_info);
    if (png_get_rowbytes(decoder->png, decoder->png_info) != width * row_channels)
        png_error(decoder->png, "unexpected row length");
    if (num_scratch_rows > 0) {
        decoder->scratch = calloc(num_scratch_rows * width, row_channels);
        if (!decoder->scratch) {
            decoder->is_out_of_memory = true;
            png_error(decoder->png, "no memory");
        }
    }
    for (int pass = 0; pass < num_passes; pass++) {
        for (size_t y = 0; y < height; y++) {
            uint8_t *out = decoder->pixels + y * width * channels;
            uint8_t *row = is_direct
                               ? out
                               : decoder->scratch + (num_passes > 1 ? y * width * row_channels : 0);

            png_read_row(decoder->png, row, NULL);
            if (!is_direct && pass == num_passes - 1)
                png_convert_row(row, row_channels, width, out, channels);
        }
    }
    png_read_end(decoder->png, NULL);
}

/* The only function that longjmp returns to; all that changes meanwhile is the caller's. */
static bool run(struct decoder *decoder)
{
    if (setjmp(decoder->failed) != 0)
        return false;
    read_header(decoder);
    if (decoder->growing || decoder->pixels)
        read_pixels(decoder);
    return true;
}

static bool decode(const char *name, const void *bytes, size_t nbytes, struct decoder *decoder,
                   struct error *error)
{
    bool ok = check_signature(name, bytes, nbytes, error);

    if (!ok)
        return ok;
    decoder->next = bytes;
    decoder->num_left = nbytes;
    decoder->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, decoder, take_error,
                                            ignore_warning, decoder, allocate, release);
    decoder->png_info = decoder->png ? png_create_info_struct(decoder->png) : NULL;
    if (!decoder->png_info)
        ok = error_set_memory(error, sizeof(*decoder));
    else if (!run(decoder))
        ok = decoder->is_out_of_memory ? error_set(error, STATUS_INTERNAL, ERROR_AT(.file = name),
                                                   "no memory to decode it")
             : decoder->is_too_large
                 ? error_set(error, STATUS_USAGE, ERROR_AT(.file = name), "%s", decoder->reason)
                 : refuse(name, decoder->reason, error);
    png_destroy_read_struct(&decoder->png, &decoder->png_info, NULL);
    free(decoder->scratch);
    return ok;
}

bool png_file_read_info(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                        struct png_file_info *info, struct error *error)
{
    struct decoder decoder = {.max_pixels = max_pixels};
    bool ok = decode(name, bytes, nbytes, &decoder, error);

    if (ok)
        *info = decoder.info;
    return ok;
}

bool png_file_read_pixels(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                          unsigned channels, uint8_t *pixels, struct error *error)
{
    struct decoder decoder = {.max_pixels = max_pixels, .channels = channels, .pixels = pixels};

    return decode(name, bytes, nbytes, &decoder, error);
}

bool png_file_read(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                   unsigned channels, struct png_file_info *info, struct png_file_pixels *pixels,
                   struct error *error)
{
    struct decoder decoder = {.max_pixels = max_pixels, .channels = channels, .growing = pixels};
    bool ok;

    if (png_plain_read(bytes, nbytes, max_pixels, channels, info, pixels))
        return true;
    ok = decode(name, bytes, nbytes, &decoder, error);
    *info = decoder.info;
    return ok;
}

void png_file_pixels_free(struct png_file_pixels *pixels)
{
    png_plain_destroy(pixels->plain);
    free(pixels->block);
    *pixels = (struct png_file_pixels){0};
}
