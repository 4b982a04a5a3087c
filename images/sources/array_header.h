/*
 * What stands before the elements of an array in a file: IDX, as MNIST has it ("The MNIST
 * database", LeCun, Cortes, Burges), and npy, as numpy saves it (NEP 1, versions 1 to 3).
 */
#ifndef QUERN_IMAGES_SOURCES_ARRAY_HEADER_H
#define QUERN_IMAGES_SOURCES_ARRAY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum { ARRAY_MAX_RANK = 8, ARRAY_MAX_HEADER_NBYTES = 1 << 16 };

enum array_kind { ARRAY_UNSIGNED, ARRAY_SIGNED, ARRAY_OTHER /* floats, texts, structures */ };

struct array_header {
    size_t header_nbytes;
    size_t rank;
    uint64_t shape[ARRAY_MAX_RANK]; /* row-major, also of fewer dimensions: all of it is read */
    enum array_kind kind;
    size_t element_nbytes; /* 1, 2, 4 or 8 for numbers; 0 for ARRAY_OTHER */
    bool is_big_endian;
    bool is_column_major; /* the first index runs fastest (numpy's Fortran order) */
    char type[32];        /* as the header names it, for messages */
};

/*
 * Parses the header that bytes begin with; nbytes may be all of the file or its first
 * ARRAY_MAX_HEADER_NBYTES.  STATUS_DATA, named by name, for what is no such header, is cut short,
 * or has more dimensions than ARRAY_MAX_RANK.
 */
bool idx_parse_header(const char *name, const uint8_t *bytes, size_t nbytes,
                      struct array_header *header, struct error *error);
bool npy_parse_header(const char *name, const uint8_t *bytes, size_t nbytes,
                      struct array_header *header, struct error *error);

/* The number that an element of whole numbers is. */
int64_t array_get_signed(const struct array_header *header, const uint8_t *element);
uint64_t array_get_unsigned(const struct array_header *header, const uint8_t *element);

/* "[60000,28,28]", into buffer. */
const char *array_describe_shape(const struct array_header *header, char *buffer, size_t size);

#endif
