#include "images/exif.h"

#include <string.h>

enum {
    MARKER_TEM = 0x01,
    MARKER_RST0 = 0xd0,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP1 = 0xe1,
    TAG_ORIENTATION = 0x0112,
    TYPE_BYTE = 1,
    TYPE_SHORT = 3,
    TYPE_LONG = 4,
    TIFF_HEADER_NBYTES = 8,
    ENTRY_NBYTES = 12, /* tag, type, count, value */
};

/* ---- the TIFF structure within ---- */

struct exif_data {
    const uint8_t *bytes;
    size_t nbytes;
    bool is_big_endian;
};

/* A number of nbytes at an offset that lies in the data. */
static uint32_t exif_get(const struct exif_data *data, size_t offset, int nbytes)
{
    uint32_t number = 0;

    for (int i = 0; i < nbytes; i++)
        number |= (uint32_t)data->bytes[offset + (size_t)i]
                  << 8 * (data->is_big_endian ? nbytes - 1 - i : i);
    return number;
}

static int exif_read_entry(const struct exif_data *data, size_t offset)
{
    uint32_t type = exif_get(data, offset + 2, 2), value;

    if (exif_get(data, offset + 4, 4) != 1)
        return 1;
    if (type == TYPE_SHORT)
        value = exif_get(data, offset + 8, 2);
    else if (type == TYPE_LONG)
        value = exif_get(data, offset + 8, 4);
    else
        value = type == TYPE_BYTE ? data->bytes[offset + 8] : 1;
    return value >= 1 && value <= 8 ? (int)value : 1;
}

/* Looks in the first directory, which is the main picture's. */
static int exif_parse(const uint8_t *bytes, size_t nbytes)
{
    struct exif_data data = {.bytes = bytes, .nbytes = nbytes};
    size_t at, num_entries;

    if (nbytes < TIFF_HEADER_NBYTES ||
        (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return 1;
    data.is_big_endian = bytes[0] == 'M';
    at = exif_get(&data, 4, 4);
    if (at > nbytes || nbytes - at < 2)
        return 1;
    num_entries = exif_get(&data, at, 2);
    at += 2;
    for (size_t i = 0; i < num_entries && nbytes - at >= ENTRY_NBYTES; i++) {
        if (exif_get(&data, at, 2) == TAG_ORIENTATION)
            return exif_read_entry(&data, at);
        at += ENTRY_NBYTES;
    }
    return 1;
}

/* ---- the headers of the file ---- */

int exif_find_orientation(const uint8_t *bytes, size_t nbytes)
{
    static const char identifier[] = "Exif\0"; /* and the zero that ends it */
    size_t at = 0;

    while (at + 4 <= nbytes) {
        unsigned marker = bytes[at + 1];
        size_t length;

        if (bytes[at] != 0xff || marker == 0xff || marker == 0) {
            at++; /* bytes that fill up, and what is between headers against the rules */
            continue;
        }
        at += 2;
        if (marker == MARKER_TEM || (marker >= MARKER_RST0 && marker <= MARKER_SOI))
            continue;
        length = (size_t)bytes[at] << 8 | bytes[at + 1]; /* with its own two bytes */
        if (marker == MARKER_SOS || marker == MARKER_EOI || length < 2 || length > nbytes - at)
            break;
        if (marker == MARKER_APP1 && length >= 2 + sizeof(identifier) &&
            memcmp(bytes + at + 2, identifier, sizeof(identifier)) == 0)
            return exif_parse(bytes + at + 2 + sizeof(identifier), length - 2 - sizeof(identifier));
        at += length;
    }
    return 1;
}

/* ---- where pixels belong ---- */

struct exif_placement exif_place(int orientation, uint32_t width, uint32_t height)
{
    const ptrdiff_t w = width, h = height;

    switch (orientation) {
    case 2:
        return (struct exif_placement){w - 1, w, -1};
    case 3:
        return (struct exif_placement){w * h - 1, -w, -1};
    case 4:
        return (struct exif_placement){(h - 1) * w, -w, 1};
    case 5: /* rows are columns */
        return (struct exif_placement){0, 1, h};
    case 6: /* turned clockwise: the first row is the last column */
        return (struct exif_placement){h - 1, -1, h};
    case 7:
        return (struct exif_placement){h * w - 1, -1, -h};
    case 8: /* turned the other way: the first row, read backwards, is the first column */
        return (struct exif_placement){(w - 1) * h, 1, -h};
    default:
        return (struct exif_placement){0, w, 1};
    }
}
