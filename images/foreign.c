#include "images/foreign.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

/* ---- by the extension ---- */

static const struct foreign_format {
    const char *name;
    const char *extensions[5]; /* in lower case; NULL at the end */
} foreign_formats[] = {
    {"BMP", {".bmp", ".dib"}},
    {"GIF", {".gif"}},
    {"WebP", {".webp"}},
    {"TIFF", {".tif", ".tiff"}},
    {"HEIC", {".heic", ".heif", ".hif"}},
    {"AVIF", {".avif"}},
    {"JPEG 2000", {".jp2", ".j2k", ".jpx", ".jpf"}},
    {"JPEG XL", {".jxl"}},
    {"PNM", {".pgm", ".ppm", ".pbm", ".pnm"}},
    {"SVG", {".svg", ".svgz"}},
    {"PSD", {".psd"}},
    {"DICOM", {".dcm"}},
    {"TGA", {".tga"}},
};

enum { NUM_FORMATS = sizeof(foreign_formats) / sizeof(foreign_formats[0]) };

_Static_assert((int)NUM_FORMATS <= (int)FOREIGN_MAX_FORMATS, "every format has its count");

bool foreign_count(struct foreign_counts *counts, const char *name)
{
    const char *dot = strrchr(name, '.');

    if (!dot || dot == name)
        return false;
    for (size_t i = 0; i < NUM_FORMATS; i++)
        for (size_t k = 0; k < 5 && foreign_formats[i].extensions[k]; k++)
            if (strcasecmp(dot, foreign_formats[i].extensions[k]) == 0) {
                counts->files[i]++;
                return true;
            }
    return false;
}

const char *foreign_describe_counts(char *buffer, size_t size, const struct foreign_counts *counts)
{
    struct foreign_counts left = *counts;
    uint64_t num_files = 0, num_left = 0;
    size_t num_named = 0, used = 0;

    for (size_t i = 0; i < NUM_FORMATS; i++) {
        num_left += left.files[i] > 0;
        num_files += left.files[i];
    }
    if (num_left == 0)
        return NULL;
    for (; num_left > 0; num_left--) {
        size_t most = 0;
        char number[32];

        for (size_t i = 1; i < NUM_FORMATS; i++)
            if (left.files[i] > left.files[most])
                most = i;
        text_format(buffer + used, size - used, "%s%s %s",
                    num_named++ == 0 ? ""
                    : num_left == 1  ? " and "
                                     : ", ",
                    text_group_digits(number, sizeof(number), left.files[most]),
                    foreign_formats[most].name);
        used = strlen(buffer);
        left.files[most] = 0;
    }
    text_format(buffer + used, size - used, "%s",
                num_files == 1 ? " file is not read: convert it to PNG or JPEG"
                               : " files are not read: convert them to PNG or JPEG");
    return buffer;
}

/* ---- by the first bytes ---- */

static const char convert_it[] = "convert it to PNG or JPEG";

static const struct foreign_signature {
    const char *bytes;
    size_t nbytes, offset;
    const char *name; /* "a GIF image" */
    const char *advice;
} foreign_signatures[] = {
    {"GIF8", 4, 0, "a GIF image", convert_it},
    {"WEBP", 4, 8, "a WebP image", convert_it}, /* in a RIFF container */
    {"II*\0", 4, 0, "a TIFF image", convert_it},
    {"MM\0*", 4, 0, "a TIFF image", convert_it},
    {"II+\0", 4, 0, "a TIFF image", convert_it},
    {"MM\0+", 4, 0, "a TIFF image", convert_it},
    /* ISO media files: the brand stands behind the first box's length and "ftyp". */
    {"ftypavif", 8, 4, "an AVIF image", convert_it},
    {"ftypavis", 8, 4, "an AVIF image", convert_it},
    {"ftyphei", 7, 4, "a HEIC image", convert_it},
    {"ftyphev", 7, 4, "a HEIC image", convert_it},
    {"ftypmif1", 8, 4, "a HEIC image", convert_it},
    {"ftypmsf1", 8, 4, "a HEIC image", convert_it},
    {"\0\0\0\x0cjP  ", 8, 0, "a JPEG 2000 image", convert_it},
    {"\xff\x4f\xff\x51", 4, 0, "a JPEG 2000 image", convert_it},
    {"\0\0\0\x0cJXL ", 8, 0, "a JPEG XL image", convert_it},
    {"\xff\x0a", 2, 0, "a JPEG XL image", convert_it},
    {"8BPS", 4, 0, "a PSD image", convert_it},
    {"DICM", 4, 128, "a DICOM image", convert_it},
    {"<svg", 4, 0, "an SVG drawing", convert_it},
    {"P5", 2, 0, "a PNM image", convert_it},
    {"P6", 2, 0, "a PNM image", convert_it},
    {"BM", 2, 0, "a BMP image", convert_it},
    {"version https://git-lfs", 23, 0, "a git-lfs pointer", "run git lfs pull"},
    {"%PDF-", 5, 0, "a PDF document", NULL},
    {"PK\3\4", 4, 0, "a zip archive", NULL},
    {"\x1f\x8b", 2, 0, "compressed by gzip", "decompress it"},
    {"\x89HDF\r\n\x1a\n", 8, 0, "an HDF5 file", NULL},
    {"\0\5\x16\7", 4, 0, "what macOS keeps beside a file (AppleDouble)", "delete it"},
    {"\0\5\x16\0", 4, 0, "what macOS keeps beside a file (AppleSingle)", "delete it"},
};

/* Does text begin at bytes, in upper or lower case? */
static bool foreign_begins(const uint8_t *bytes, size_t nbytes, const char *text)
{
    size_t length = strlen(text);

    return nbytes >= length && strncasecmp((const char *)bytes, text, length) == 0;
}

/* A web page begins with white space, perhaps, and with one of few tags. */
static bool foreign_is_web_page(const uint8_t *bytes, size_t nbytes)
{
    static const char *const tags[] = {"<!doctype html", "<html", "<head", "<body", "<script"};

    if (foreign_begins(bytes, nbytes, "\xef\xbb\xbf")) { /* a byte order mark */
        bytes += 3;
        nbytes -= 3;
    }
    while (nbytes > 0 && isspace(*bytes)) {
        bytes++;
        nbytes--;
    }
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (foreign_begins(bytes, nbytes, tags[i]))
            return true;
    return false;
}

/* An XML file is a drawing if its root, which is near, is one. */
static bool foreign_is_drawing(const uint8_t *bytes, size_t nbytes)
{
    return foreign_begins(bytes, nbytes, "<?xml") &&
           memmem(bytes, nbytes < 2048 ? nbytes : 2048, "<svg", 4) != NULL;
}

static const char *foreign_write(char *buffer, size_t size, const char *name, const char *what,
                                 const char *advice)
{
    const char *dot = strrchr(name, '.');
    bool has_extension = dot && dot != name && !strchr(dot, '/') && strlen(dot) <= 8;
    char escaped[64];

    return text_format(buffer, size, "is %s%s%s%s%s", what, has_extension ? " named " : "",
                       has_extension ? text_escape(escaped, sizeof(escaped), dot) : "",
                       advice ? ": " : "", advice ? advice : "");
}

const char *foreign_describe_file(char *buffer, size_t size, const char *name, const uint8_t *bytes,
                                  size_t nbytes)
{
    for (size_t i = 0; i < sizeof(foreign_signatures) / sizeof(foreign_signatures[0]); i++) {
        const struct foreign_signature *known = &foreign_signatures[i];

        if (nbytes >= known->offset + known->nbytes &&
            memcmp(bytes + known->offset, known->bytes, known->nbytes) == 0)
            return foreign_write(buffer, size, name, known->name, known->advice);
    }
    if (foreign_is_web_page(bytes, nbytes))
        return foreign_write(buffer, size, name, "a web page (HTML)", "download the image again");
    if (foreign_is_drawing(bytes, nbytes))
        return foreign_write(buffer, size, name, "an SVG drawing", convert_it);
    return NULL;
}
