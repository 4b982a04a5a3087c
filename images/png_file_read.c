#include "images/png_file.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "images/png_chunks.h"
#include "images/png_plain.h"

enum {
    SIGNATURE_NBYTES = 8,
    MAX_DIMENSION = 0x7fffffff, /* the format's own; max_pixels bounds the area */
};

/* One file being decoded. */
struct png_reading {
    uint64_t max_pixels;
    unsigned channels;
    struct image_pixels *growing; /* NULL when only the header is wanted */
    uint8_t *pixels;              /* in it */
    struct image_info info;

    struct png_chunks chunks;
    png_structp png;
    png_infop png_info;
    uint8_t *scratch;
    uint8_t *expanded; /* a row of palette indices, as their colors */
    bool is_out_of_memory;
    bool is_too_large; /* for the limit of the pixels */
    char reason[200];  /* libpng's, or ours */
    jmp_buf failed;
};

static bool png_read_refuse(const char *name, const char *reason, struct error *error)
{
    return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "%s", reason);
}

static void png_read_take_error(png_structp png, png_const_charp message)
{
    struct png_reading *reading = png_get_error_ptr(png);

    if (reading->reason[0] == '\0')
        text_escape(reading->reason, sizeof(reading->reason), message);
    longjmp(reading->failed, 1);
}

/* libpng reports a machine without memory like a damaged file; the two must not be confused. */
static void *png_read_allocate(png_structp png, png_alloc_size_t nbytes)
{
    struct png_reading *reading = png_get_mem_ptr(png);
    void *block = malloc(nbytes);

    if (!block)
        reading->is_out_of_memory = true;
    return block;
}

static void png_read_release(png_structp png, void *block)
{
    (void)png;
    free(block);
}

/* Behind the last row of pixels, more data do no harm.  All else that libpng would let pass where
 * it is asked to be lenient concerns a chunk of which pixels are made. */
static void png_read_take_warning(png_structp png, png_const_charp message)
{
    struct png_reading *reading = png_get_error_ptr(png);

    if (strstr(message, "Extra compressed data") || strstr(message, "Too much image data"))
        text_format(reading->info.fault, sizeof(reading->info.fault),
                    "more data than the pixels take");
    else if ((strlen(message) > 4 && message[4] == ':') || strstr(message, "palette index"))
        png_error(png, message);
}

static void png_read_take_bytes(png_structp png, png_bytep out, size_t nbytes)
{
    struct png_reading *reading = png_get_io_ptr(png);
    const char *problem = png_chunks_take(&reading->chunks, out, nbytes);

    if (problem)
        png_error(png, problem);
}

/* The chunk behind the signature is the header; libpng lets unknown chunks come before it. */
static bool png_read_check_start(const char *name, const void *bytes, size_t nbytes,
                                 struct error *error)
{
    const char *type = (const char *)bytes + SIGNATURE_NBYTES + 4;

    if (nbytes < SIGNATURE_NBYTES + 8 || memcmp(type, "IHDR", 4) == 0)
        return true;
    return png_read_refuse(name,
                           memcmp(type, "CgBI", 4) == 0
                               ? "is a PNG that Xcode rewrote for iPhones (CgBI): take the one it "
                                 "was made of, or revert it by pngcrush "
                                 "-revert-iphone-optimizations"
                               : "its first chunk is not the header (IHDR)",
                           error);
}

/* Reads all that stands before the pixels; leaves by longjmp when it cannot. */
static void png_read_header(struct png_reading *reading)
{
    png_structp png = reading->png;
    png_uint_32 width, height;
    png_colorp palette;
    int num_colors = 0, color_type;

    png_set_read_fn(png, reading, png_read_take_bytes);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_benign_errors(png, 1); /* png_read_take_warning decides */
    /* Chunks that carry no pixels do not get here: none needs a limit. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(png, MAX_DIMENSION, MAX_DIMENSION);
    png_set_chunk_malloc_max(png, 0);
    png_read_info(png, reading->png_info);

    width = png_get_image_width(png, reading->png_info);
    height = png_get_image_height(png, reading->png_info);
    if ((uint64_t)width * height > reading->max_pixels) {
        text_format(reading->reason, sizeof(reading->reason),
                    "%ux%u is %llu pixels, more than the %llu allowed", (unsigned)height,
                    (unsigned)width, (unsigned long long)width * height,
                    (unsigned long long)reading->max_pixels);
        png_error(png, "too large");
    }
    color_type = png_get_color_type(png, reading->png_info);
    reading->info = (struct image_info){.width = width,
                                        .height = height,
                                        .is_gray = (color_type & PNG_COLOR_MASK_COLOR) == 0,
                                        .is_deep = png_get_bit_depth(png, reading->png_info) == 16};
    if (color_type == PNG_COLOR_TYPE_PALETTE &&
        png_get_PLTE(png, reading->png_info, &palette, &num_colors)) {
        reading->info.is_gray = true;
        for (int i = 0; i < num_colors; i++)
            if (palette[i].red != palette[i].green || palette[i].red != palette[i].blue)
                reading->info.is_gray = false;
    }
}

/* Chooses the transformations to gray or RGB of 8 or 16 bits, with alpha if the file has any, or to
 * an index a byte; returns what comes of it. */
static struct samples_layout png_read_choose_transformations(png_structp png, png_infop info)
{
    int color_type = png_get_color_type(png, info);

    if (color_type == PNG_COLOR_TYPE_PALETTE) {
        png_set_packing(png); /* png_read_expand takes it from there */
        return (struct samples_layout){.channels = 3,
                                       .has_alpha = png_get_valid(png, info, PNG_INFO_tRNS)};
    }
    if (color_type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(png);
    return (struct samples_layout){
        .channels = color_type & PNG_COLOR_MASK_COLOR ? 3 : 1,
        .has_alpha = (color_type & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS),
        .is_deep = png_get_bit_depth(png, info) == 16,
    };
}

/* Makes room for the pixels, now that the header is known; scratch_nbytes are needed besides. */
static void png_read_reserve_pixels(struct png_reading *reading, size_t scratch_nbytes)
{
    struct image_pixels *pixels = reading->growing;

    reading->is_too_large =
        !image_pixels_fit(pixels, &reading->info, reading->channels, scratch_nbytes,
                          reading->reason, sizeof(reading->reason));
    if (reading->is_too_large)
        png_error(reading->png, "too large");
    reading->pixels = image_pixels_reserve(pixels, &reading->info, reading->channels);
    if (!reading->pixels) {
        reading->is_out_of_memory = true;
        png_error(reading->png, "no memory");
    }
}

/* A row of indices as the colors of the palette, with alpha if any color has it.  libpng would take
 * those beyond the palette for black. */
static const uint8_t *png_read_expand(struct png_reading *reading, const uint8_t *row,
                                      bool has_alpha)
{
    png_colorp palette = NULL;
    png_bytep alphas = NULL;
    int num_colors = 0, num_alphas = 0;
    uint8_t *out = reading->expanded;

    png_get_PLTE(reading->png, reading->png_info, &palette, &num_colors);
    if (has_alpha)
        png_get_tRNS(reading->png, reading->png_info, &alphas, &num_alphas, NULL);
    for (size_t x = 0; x < reading->info.width; x++) {
        int index = row[x];

        if (index >= num_colors) {
            text_format(reading->reason, sizeof(reading->reason), "palette index %d of %d entries",
                        index, num_colors);
            png_error(reading->png, "palette");
        }
        *out++ = palette[index].red;
        *out++ = palette[index].green;
        *out++ = palette[index].blue;
        if (has_alpha)
            *out++ = index < num_alphas ? alphas[index] : 255;
    }
    return reading->expanded;
}

/* Rows that need no conversion go straight to their place; others by way of scratch memory, which
 * holds the whole image when its rows come in several passes. */
static void png_read_pixels(struct png_reading *reading)
{
    const size_t width = reading->info.width, height = reading->info.height;
    const unsigned channels = reading->channels;
    const struct samples_layout layout =
        png_read_choose_transformations(reading->png, reading->png_info);
    const int num_passes = png_set_interlace_handling(reading->png);
    const bool is_palette =
        png_get_color_type(reading->png, reading->png_info) == PNG_COLOR_TYPE_PALETTE;
    const bool is_direct = !is_palette && samples_are_final(&layout, channels);
    const size_t row_nbytes = is_palette ? width : width * samples_pixel_nbytes(&layout);
    const size_t expanded_nbytes = is_palette ? width * samples_pixel_nbytes(&layout) : 0;
    const size_t num_scratch_rows = is_direct ? 0 : num_passes > 1 ? height : 1;

    png_read_reserve_pixels(reading, num_scratch_rows * row_nbytes + expanded_nbytes);
    png_read_update_info(reading->png, reading->png_info);
    if (png_get_rowbytes(reading->png, reading->png_info) != row_nbytes)
        png_error(reading->png, "unexpected row length");
    if (num_scratch_rows > 0) {
        reading->scratch = calloc(num_scratch_rows, row_nbytes);
        if (!reading->scratch) {
            reading->is_out_of_memory = true;
            png_error(reading->png, "no memory");
        }
    }
    if (is_palette) {
        reading->expanded = malloc(expanded_nbytes);
        if (!reading->expanded) {
            reading->is_out_of_memory = true;
            png_error(reading->png, "no memory");
        }
    }
    for (int pass = 0; pass < num_passes; pass++) {
        for (size_t y = 0; y < height; y++) {
            uint8_t *out = reading->pixels + y * width * channels;
            uint8_t *row =
                is_direct ? out : reading->scratch + (num_passes > 1 ? y * row_nbytes : 0);

            png_read_row(reading->png, row, NULL);
            if (!is_direct && pass == num_passes - 1)
                samples_convert_row(&reading->growing->rule, &layout,
                                    is_palette ? png_read_expand(reading, row, layout.has_alpha)
                                               : row,
                                    width, out, channels, &reading->info);
        }
    }
    png_read_end(reading->png, NULL);
}

/* The only function that longjmp returns to; all that changes meanwhile is the caller's. */
static bool png_read_run(struct png_reading *reading)
{
    if (setjmp(reading->failed) != 0)
        return false;
    png_read_header(reading);
    if (reading->growing)
        png_read_pixels(reading);
    return true;
}

static bool png_read_decode(const char *name, const void *bytes, size_t nbytes,
                            struct png_reading *reading, struct error *error)
{
    bool ok = png_read_check_start(name, bytes, nbytes, error);

    if (!ok)
        return ok;
    reading->chunks = png_chunks_begin(bytes, nbytes);
    reading->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, reading, png_read_take_error,
                                            png_read_take_warning, reading, png_read_allocate,
                                            png_read_release);
    reading->png_info = reading->png ? png_create_info_struct(reading->png) : NULL;
    if (!reading->png_info)
        ok = error_set_memory(error, sizeof(*reading));
    else if (!png_read_run(reading))
        ok = reading->is_out_of_memory ? error_set(error, STATUS_INTERNAL, ERROR_AT(.file = name),
                                                   "no memory to decode it")
             : reading->is_too_large
                 ? error_set(error, STATUS_USAGE, ERROR_AT(.file = name), "%s", reading->reason)
                 : png_read_refuse(name, reading->reason, error);
    if (reading->chunks.fault[0] != '\0')
        text_format(reading->info.fault, sizeof(reading->info.fault), "%s", reading->chunks.fault);
    png_destroy_read_struct(&reading->png, &reading->png_info, NULL);
    free(reading->scratch);
    free(reading->expanded);
    return ok;
}

bool png_file_read_info(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                        struct image_info *info, struct error *error)
{
    struct png_reading reading = {.max_pixels = max_pixels};
    bool ok = png_read_decode(name, bytes, nbytes, &reading, error);

    if (ok)
        *info = reading.info;
    return ok;
}

bool png_file_read(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                   unsigned channels, struct image_info *info, struct image_pixels *pixels,
                   struct error *error)
{
    struct png_reading reading = {
        .max_pixels = max_pixels, .channels = channels, .growing = pixels};
    bool ok;

    if (png_plain_read(bytes, nbytes, max_pixels, channels, info, pixels))
        return true;
    ok = png_read_decode(name, bytes, nbytes, &reading, error);
    *info = reading.info;
    return ok;
}
