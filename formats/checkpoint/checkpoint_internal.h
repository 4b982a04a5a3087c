/* What writing and reading a checkpoint share.  For files inside formats/ only. */
#ifndef QUERN_FORMATS_CHECKPOINT_INTERNAL_H
#define QUERN_FORMATS_CHECKPOINT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/tensor.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/hdf5/hdf5.h"

#define CHECKPOINT_FORMAT "quern checkpoint"
#define CHECKPOINT_VERSION "1.0"
enum { CHECKPOINT_MAJOR_VERSION = 1 };

/* CRC-32 of a tensor's elements as little-endian float32, row-major. */
uint32_t checkpoint_tensor_crc32(const struct tensor *tensor);

/* /config, which evaluations have too. */
void checkpoint_write_config(const struct h5_context *file, hid_t root,
                             const struct settings *settings);
void checkpoint_read_config(const struct h5_context *file, hid_t root, struct settings *settings);

/* The columns of /history after "epoch", and where each lies in struct epoch_record. */
struct history_column {
    const char *name;
    size_t offset;
};

enum { HISTORY_NUM_COLUMNS = 4 };
extern const struct history_column history_columns[HISTORY_NUM_COLUMNS];

#endif
