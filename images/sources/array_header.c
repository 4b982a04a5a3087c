#include "images/sources/array_header.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"

uint64_t array_get_unsigned(const struct array_header *header, const uint8_t *element)
{
    size_t nbytes = header->element_nbytes;
    uint64_t value = 0;

    for (size_t i = 0; i < nbytes; i++)
        value = value << 8 | element[header->is_big_endian ? i : nbytes - 1 - i];
    return value;
}

int64_t array_get_signed(const struct array_header *header, const uint8_t *element)
{
    uint64_t value = array_get_unsigned(header, element);
    uint64_t sign = (uint64_t)1 << (8 * header->element_nbytes - 1);

    /* Two's complement, extended to 64 bits. */
    return (int64_t)((value ^ sign) - sign);
}

const char *array_describe_shape(const struct array_header *header, char *buffer, size_t size)
{
    text_format(buffer, size, "[");
    for (size_t i = 0; i < header->rank; i++)
        text_format(buffer + strlen(buffer), size - strlen(buffer), "%s%" PRIu64, i > 0 ? "," : "",
                    header->shape[i]);
    text_format(buffer + strlen(buffer), size - strlen(buffer), "]");
    return buffer;
}

/* ---- IDX ---- */

/* Two zeros, the type, the rank, and for each dimension four bytes, the most significant first. */
bool idx_parse_header(const char *name, const uint8_t *bytes, size_t nbytes,
                      struct array_header *header, struct error *error)
{
    static const struct {
        uint8_t code;
        enum array_kind kind;
        size_t nbytes;
        const char *name;
    } types[] = {
        {0x08, ARRAY_UNSIGNED, 1, "ubyte"}, {0x09, ARRAY_SIGNED, 1, "byte"},
        {0x0b, ARRAY_SIGNED, 2, "short"},   {0x0c, ARRAY_SIGNED, 4, "int"},
        {0x0d, ARRAY_OTHER, 0, "float"},    {0x0e, ARRAY_OTHER, 0, "double"},
    };
    size_t type = 0, num_types = sizeof(types) / sizeof(types[0]);

    *header = (struct array_header){.is_big_endian = true};
    if (nbytes < 4 || bytes[0] != 0 || bytes[1] != 0)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "is no IDX file");
    while (type < num_types && types[type].code != bytes[2])
        type++;
    header->rank = bytes[3];
    if (type == num_types || header->rank == 0 || header->rank > ARRAY_MAX_RANK)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "is no IDX file");
    header->kind = types[type].kind;
    header->element_nbytes = types[type].nbytes;
    text_format(header->type, sizeof(header->type), "%s", types[type].name);
    header->header_nbytes = 4 + 4 * header->rank;
    if (nbytes < header->header_nbytes)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "is cut short");
    for (size_t i = 0; i < header->rank; i++) {
        const uint8_t *at = bytes + 4 + 4 * i;

        header->shape[i] =
            (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    return true;
}
