#include <string.h>

#include "common/text.h"
#include "images/sources/array_header.h"

/* The text of a header: a Python dictionary of three keys, as numpy prints it. */
struct npy {
    const char *name;
    const char *at, *end;
    struct array_header *header;
    struct error *error;
};

static bool npy_refuse(const struct npy *npy)
{
    return error_set(npy->error, STATUS_DATA, ERROR_AT(.file = npy->name),
                     "is damaged: its npy header is not as numpy writes it");
}

static void npy_skip_blanks(struct npy *npy)
{
    while (npy->at < npy->end && *npy->at == ' ')
        npy->at++;
}

/* Takes a character, and blanks before it, if it is the next one. */
static bool npy_take(struct npy *npy, char c)
{
    npy_skip_blanks(npy);
    if (npy->at == npy->end || *npy->at != c)
        return false;
    npy->at++;
    return true;
}

static bool npy_take_word(struct npy *npy, const char *word)
{
    size_t length = strlen(word);

    npy_skip_blanks(npy);
    if ((size_t)(npy->end - npy->at) < length || memcmp(npy->at, word, length) != 0)
        return false;
    npy->at += length;
    return true;
}

/* Takes a text in single quotes, without escapes, that fits. */
static bool npy_take_text(struct npy *npy, char *text, size_t size)
{
    size_t length = 0;

    if (!npy_take(npy, '\''))
        return false;
    while (npy->at < npy->end && *npy->at != '\'' && *npy->at != '\\' && length + 1 < size)
        text[length++] = *npy->at++;
    text[length] = '\0';
    return npy->at < npy->end && *npy->at++ == '\'' && strlen(text) == length;
}

static bool npy_take_number(struct npy *npy, uint64_t *number)
{
    const char *first;

    npy_skip_blanks(npy);
    first = npy->at;
    *number = 0;
    while (npy->at < npy->end && *npy->at >= '0' && *npy->at <= '9') {
        if (*number > UINT64_MAX / 10 - 1)
            return false;
        *number = *number * 10 + (uint64_t)(*npy->at++ - '0');
    }
    return npy->at > first;
}

/* "(3, 4)", "(3,)" or "()" */
static bool npy_take_shape(struct npy *npy)
{
    struct array_header *header = npy->header;

    if (!npy_take(npy, '('))
        return false;
    while (!npy_take(npy, ')')) {
        if (header->rank == ARRAY_MAX_RANK || !npy_take_number(npy, &header->shape[header->rank]))
            return false;
        header->rank++;
        npy_take_word(npy, "L"); /* of Python 2 */
        if (!npy_take(npy, ',')) {
            if (header->rank == 1 || !npy_take(npy, ')'))
                return false;
            break;
        }
    }
    return true;
}

/* "|u1", "<i8", ">f4": byte order, kind, bytes of an element.  A structure is a list. */
static bool npy_take_type(struct npy *npy)
{
    struct array_header *header = npy->header;
    const char *type = header->type;
    size_t nbytes;

    header->kind = ARRAY_OTHER;
    npy_skip_blanks(npy);
    if (npy->at < npy->end && *npy->at == '[') {
        text_format(header->type, sizeof(header->type), "a structure");
        /* Whatever comes then, such an array is refused. */
        npy->at = npy->end;
        return true;
    }
    if (!npy_take_text(npy, header->type, sizeof(header->type)) || strlen(type) < 3 ||
        !strchr("<>|=", type[0]))
        return false;
    nbytes = strlen(type) == 3 ? (size_t)(type[2] - '0') : 0;
    if ((type[1] != 'u' && type[1] != 'i') ||
        (nbytes != 1 && nbytes != 2 && nbytes != 4 && nbytes != 8))
        return true;
    header->kind = type[1] == 'u' ? ARRAY_UNSIGNED : ARRAY_SIGNED;
    header->element_nbytes = nbytes;
    header->is_big_endian = type[0] == '>';
    return true;
}

static bool npy_take_order(struct npy *npy)
{
    npy->header->is_column_major = npy_take_word(npy, "True");
    return npy->header->is_column_major || npy_take_word(npy, "False");
}

static bool npy_parse_text(struct npy *npy)
{
    static const struct {
        const char *key;
        bool (*take)(struct npy *npy);
    } keys[] = {
        {"descr", npy_take_type}, {"fortran_order", npy_take_order}, {"shape", npy_take_shape}};
    bool has_key[3] = {false};

    if (!npy_take(npy, '{'))
        return npy_refuse(npy);
    while (!npy_take(npy, '}')) {
        char key[16];
        int k = 0;

        if (!npy_take_text(npy, key, sizeof(key)) || !npy_take(npy, ':'))
            return npy_refuse(npy);
        while (k < 3 && strcmp(keys[k].key, key) != 0)
            k++;
        if (k == 3 || has_key[k] || !keys[k].take(npy))
            return npy_refuse(npy);
        has_key[k] = true;
        if (npy->header->kind == ARRAY_OTHER && npy->at == npy->end)
            return true;
        if (!npy_take(npy, ',') && !(npy->at < npy->end && *npy->at == '}'))
            return npy_refuse(npy);
    }
    npy_skip_blanks(npy);
    return (has_key[0] && has_key[1] && has_key[2] && npy->at + 1 == npy->end &&
            *npy->at == '\n') ||
           npy_refuse(npy);
}

bool npy_parse_header(const char *name, const uint8_t *bytes, size_t nbytes,
                      struct array_header *header, struct error *error)
{
    struct npy npy = {.name = name, .header = header, .error = error};
    size_t before, text_nbytes;

    *header = (struct array_header){.kind = ARRAY_UNSIGNED};
    if (nbytes < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "is no array of numpy's");
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return error_set(error, STATUS_DATA,
                         ERROR_AT(.file = name, .expected = "npy version 1.0 to 3.0",
                                  .found = TEXT("%d.%d", bytes[6], bytes[7])),
                         "is of an unknown version");
    before = bytes[6] == 1 ? 10 : 12;
    text_nbytes = bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        text_nbytes |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (text_nbytes > ARRAY_MAX_HEADER_NBYTES - before)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name),
                         "has an npy header beyond 64 KiB: it is no plain array of numbers");
    if (nbytes - before < text_nbytes)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "is cut short");
    header->header_nbytes = before + text_nbytes;
    npy.at = (const char *)bytes + before;
    npy.end = npy.at + text_nbytes;
    return npy_parse_text(&npy);
}
