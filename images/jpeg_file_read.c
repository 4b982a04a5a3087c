#include "images/jpeg_file.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "common/text.h"
#include "images/exif.h"

enum {
    MAX_SCANS = 100,       /* encoders write ten or so; each costs a pass over all of the picture */
    MAX_ROWS_AT_ONCE = 16, /* asked of libjpeg in one go */
    MAX_ROW_CHANNELS = 4,  /* of a row */
    NUM_CONTEXT_ROWS = 4,  /* rows of blocks that libjpeg holds, decoded and upsampled */
};

#define JPEG_TEXT_OF(value) #value
#define JPEG_TEXT(value) JPEG_TEXT_OF(value)

/* One file being decoded. */
struct jpeg_reading {
    uint64_t max_pixels;
    unsigned channels;
    struct image_pixels *growing; /* NULL when only the header is wanted */
    struct image_info info;
    int orientation;

    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    uint8_t *scratch;
    bool is_out_of_memory;
    bool is_too_large; /* for the limit of the pixels */
    char reason[JMSG_LENGTH_MAX];
    jmp_buf failed;
};

const char *jpeg_file_library(void)
{
#ifdef LIBJPEG_TURBO_VERSION
    return "libjpeg-turbo " JPEG_TEXT(LIBJPEG_TURBO_VERSION);
#else
    return "libjpeg " JPEG_TEXT(JPEG_LIB_VERSION);
#endif
}

/* ---- what libjpeg calls ---- */

_Noreturn static void jpeg_read_refuse(struct jpeg_reading *reading, const char *reason)
{
    text_escape(reading->reason, sizeof(reading->reason), reason);
    longjmp(reading->failed, 1);
}

/* libjpeg reports a machine without memory like a damaged file; the two must not be confused. */
_Noreturn static void jpeg_read_take_error(j_common_ptr jpeg)
{
    struct jpeg_reading *reading = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];

    reading->is_out_of_memory = jpeg->err->msg_code == JERR_OUT_OF_MEMORY;
    jpeg->err->format_message(jpeg, message);
    jpeg_read_refuse(reading, message);
}

/* Warnings are below 0; what they mean for pixels decides. */
static void jpeg_read_take_message(j_common_ptr jpeg, int level)
{
    struct jpeg_reading *reading = jpeg->client_data;

    if (level >= 0)
        return;
    switch (jpeg->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA: /* between headers they are harmless, behind a scan a sign of damage
                                */
        if (reading->jpeg.input_scan_number > 0)
            jpeg_read_take_error(jpeg);
        text_format(reading->info.fault, sizeof(reading->info.fault), "bytes between its headers");
        return;
    case JWRN_JFIF_MAJOR:
        text_format(reading->info.fault, sizeof(reading->info.fault), "a strange version of JFIF");
        return;
    default:
        jpeg_read_take_error(jpeg);
    }
}

static void jpeg_read_print_nothing(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* All bytes are there from the start. */
static boolean jpeg_read_fill(j_decompress_ptr jpeg)
{
    jpeg_read_refuse(jpeg->client_data, "truncated");
}

static void jpeg_read_skip(j_decompress_ptr jpeg, long nbytes)
{
    if (nbytes <= 0)
        return;
    if ((unsigned long)nbytes > jpeg->src->bytes_in_buffer)
        jpeg_read_refuse(jpeg->client_data, "truncated");
    jpeg->src->next_input_byte += nbytes;
    jpeg->src->bytes_in_buffer -= (size_t)nbytes;
}

static void jpeg_read_do_nothing(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

static void jpeg_read_check_scans(j_common_ptr jpeg)
{
    struct jpeg_reading *reading = jpeg->client_data;

    if (reading->jpeg.input_scan_number > MAX_SCANS)
        jpeg_read_refuse(reading, TEXT("has more than %d scans", MAX_SCANS));
}

/* ---- the header ---- */

/* Reads all that stands before the pixels; leaves by longjmp when it cannot. */
static void jpeg_read_header_of(struct jpeg_reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    bool is_turned;

    jpeg_read_header(jpeg, TRUE);
    is_turned = exif_exchanges_axes(reading->orientation);
    reading->info.width = is_turned ? jpeg->image_height : jpeg->image_width;
    reading->info.height = is_turned ? jpeg->image_width : jpeg->image_height;
    reading->info.is_gray = jpeg->jpeg_color_space == JCS_GRAYSCALE;
    if ((uint64_t)jpeg->image_width * jpeg->image_height > reading->max_pixels) {
        text_format(reading->reason, sizeof(reading->reason),
                    "%ux%u is %llu pixels, more than the %llu allowed",
                    (unsigned)reading->info.height, (unsigned)reading->info.width,
                    (unsigned long long)jpeg->image_width * jpeg->image_height,
                    (unsigned long long)reading->max_pixels);
        longjmp(reading->failed, 1);
    }
    if (jpeg->jpeg_color_space == JCS_UNKNOWN) {
        text_format(reading->reason, sizeof(reading->reason),
                    "has %d components, which are neither gray nor RGB nor CMYK",
                    jpeg->num_components);
        longjmp(reading->failed, 1);
    }
}

/* ---- the pixels ---- */

/* Chooses what libjpeg gives; returns its channels. */
static unsigned jpeg_read_choose_output(struct jpeg_reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;

    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = TRUE;
    jpeg->do_block_smoothing = FALSE;
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_YCbCr:
        jpeg->out_color_space = reading->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
        return reading->channels;
    case JCS_RGB:
        jpeg->out_color_space = JCS_RGB;
        return 3;
    default:
        jpeg->out_color_space = JCS_CMYK;
        return 4;
    }
}

/* The bytes of libjpeg's own memory that grow with the picture, and of our scratch rows. */
static uint64_t jpeg_read_working_nbytes(struct jpeg_reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    uint64_t num_blocks = 0, rows_of_blocks = 0;

    for (int i = 0; i < jpeg->num_components; i++) {
        const jpeg_component_info *component = &jpeg->comp_info[i];
        uint64_t width = component->width_in_blocks + (uint64_t)component->h_samp_factor;
        uint64_t height = component->height_in_blocks + (uint64_t)component->v_samp_factor;

        num_blocks += width * height;
        rows_of_blocks += width * (uint64_t)jpeg->max_v_samp_factor;
    }
    return (jpeg_has_multiple_scans(jpeg) ? num_blocks * DCTSIZE2 * sizeof(JCOEF) : 0) +
           rows_of_blocks * DCTSIZE2 * NUM_CONTEXT_ROWS +
           (uint64_t)jpeg->image_width * 2 * MAX_ROW_CHANNELS;
}

/* Makes room for the pixels, now that the header is known. */
static void jpeg_read_reserve_pixels(struct jpeg_reading *reading)
{
    struct image_pixels *pixels = reading->growing;
    uint64_t nbytes = jpeg_read_working_nbytes(reading);

    reading->is_too_large = !image_pixels_fit(pixels, &reading->info, reading->channels, nbytes,
                                              reading->reason, sizeof(reading->reason));
    if (reading->is_too_large)
        longjmp(reading->failed, 1);
    reading->scratch = malloc((size_t)reading->jpeg.image_width * 2 * MAX_ROW_CHANNELS);
    if (!image_pixels_reserve(pixels, &reading->info, reading->channels) || !reading->scratch) {
        reading->is_out_of_memory = true;
        longjmp(reading->failed, 1);
    }
}

/* Inks, stored inverted, to RGB in place. */
static void jpeg_read_convert_inks(uint8_t *row, size_t width)
{
    for (size_t x = 0; x < width; x++)
        for (size_t k = 0; k < 3; k++)
            row[3 * x + k] = (uint8_t)((row[4 * x + k] * row[4 * x + 3] * 2u + 255) / 510);
}

/* Rows that go to their place as they are, several at a time; from the last one up for a step that
 * is negative. */
static void jpeg_read_rows_directly(struct jpeg_reading *reading,
                                    const struct exif_placement *placement)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    const ptrdiff_t channels = (ptrdiff_t)reading->channels;

    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW rows[MAX_ROWS_AT_ONCE];
        JDIMENSION count = jpeg->output_height - jpeg->output_scanline;

        if (count > MAX_ROWS_AT_ONCE)
            count = MAX_ROWS_AT_ONCE;
        for (JDIMENSION i = 0; i < count; i++)
            rows[i] = reading->growing->values +
                      channels * (placement->first +
                                  placement->row_step * (ptrdiff_t)(jpeg->output_scanline + i));
        jpeg_read_scanlines(jpeg, rows, count);
    }
}

/* Rows that are converted, mirrored or become columns, one at a time. */
static void jpeg_read_rows_by_scratch(struct jpeg_reading *reading, unsigned row_channels,
                                      const struct exif_placement *placement)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    const size_t width = jpeg->output_width;
    const ptrdiff_t channels = (ptrdiff_t)reading->channels;
    uint8_t *converted = reading->scratch + width * MAX_ROW_CHANNELS;

    for (JDIMENSION y = 0; y < jpeg->output_height; y++) {
        uint8_t *row = reading->scratch;
        uint8_t *out = reading->growing->values +
                       channels * (placement->first + placement->row_step * (ptrdiff_t)y);

        jpeg_read_scanlines(jpeg, &row, 1);
        if (row_channels == 4)
            jpeg_read_convert_inks(row, width);
        if ((row_channels == 1 ? 1 : 3) != channels) {
            image_convert_row(row, row_channels == 1 ? 1 : 3, width, converted, (unsigned)channels);
            row = converted;
        }
        for (size_t x = 0; x < width; x++, out += placement->column_step * channels)
            for (ptrdiff_t k = 0; k < channels; k++)
                out[k] = *row++;
    }
}

static void jpeg_read_pixels(struct jpeg_reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    const unsigned row_channels = jpeg_read_choose_output(reading);
    const struct exif_placement placement =
        exif_place(reading->orientation, jpeg->image_width, jpeg->image_height);

    jpeg_read_reserve_pixels(reading);
    jpeg_start_decompress(jpeg);
    if (jpeg->output_width != jpeg->image_width || jpeg->output_height != jpeg->image_height ||
        jpeg->output_components != (int)row_channels)
        jpeg_read_refuse(reading, "unexpected row length");
    if (row_channels == reading->channels && placement.column_step == 1)
        jpeg_read_rows_directly(reading, &placement);
    else
        jpeg_read_rows_by_scratch(reading, row_channels, &placement);
    jpeg_finish_decompress(jpeg);
}

/* ---- the whole ---- */

/* The only function that longjmp returns to; all that changes meanwhile is the caller's. */
static bool jpeg_read_run(struct jpeg_reading *reading)
{
    if (setjmp(reading->failed) != 0)
        return false;
    jpeg_create_decompress(&reading->jpeg);
    reading->jpeg.client_data = reading;
    reading->jpeg.src = &reading->source;
    reading->jpeg.progress = &reading->progress;
    jpeg_read_header_of(reading);
    if (reading->growing)
        jpeg_read_pixels(reading);
    return true;
}

static bool jpeg_read_decode(const char *name, const void *bytes, size_t nbytes,
                             struct jpeg_reading *reading, struct error *error)
{
    bool ok;

    reading->source = (struct jpeg_source_mgr){.next_input_byte = bytes,
                                               .bytes_in_buffer = nbytes,
                                               .init_source = jpeg_read_do_nothing,
                                               .fill_input_buffer = jpeg_read_fill,
                                               .skip_input_data = jpeg_read_skip,
                                               .resync_to_restart = jpeg_resync_to_restart,
                                               .term_source = jpeg_read_do_nothing};
    reading->progress = (struct jpeg_progress_mgr){.progress_monitor = jpeg_read_check_scans};
    reading->orientation = exif_find_orientation(bytes, nbytes);
    reading->jpeg.err = jpeg_std_error(&reading->errors);
    /* An error before the decoder is there, too, finds the way out. */
    reading->jpeg.client_data = reading;
    reading->errors.error_exit = jpeg_read_take_error;
    reading->errors.emit_message = jpeg_read_take_message;
    reading->errors.output_message = jpeg_read_print_nothing;
    ok = jpeg_read_run(reading);
    jpeg_destroy_decompress(&reading->jpeg);
    free(reading->scratch);
    if (ok)
        return true;
    if (reading->is_out_of_memory)
        return error_set(error, STATUS_INTERNAL, ERROR_AT(.file = name), "no memory to decode it");
    return error_set(error, reading->is_too_large ? STATUS_USAGE : STATUS_DATA,
                     ERROR_AT(.file = name), "%s", reading->reason);
}

bool jpeg_file_read_info(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                         struct image_info *info, struct error *error)
{
    struct jpeg_reading reading = {.max_pixels = max_pixels};
    bool ok = jpeg_read_decode(name, bytes, nbytes, &reading, error);

    if (ok)
        *info = reading.info;
    return ok;
}

bool jpeg_file_read(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                    unsigned channels, struct image_info *info, struct image_pixels *pixels,
                    struct error *error)
{
    struct jpeg_reading reading = {
        .max_pixels = max_pixels, .channels = channels, .growing = pixels};
    bool ok = jpeg_read_decode(name, bytes, nbytes, &reading, error);

    *info = reading.info;
    return ok;
}
