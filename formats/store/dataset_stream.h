/* The streamed half of a dataset.  For files inside formats/ only. */
#ifndef QUERN_FORMATS_DATASET_STREAM_H
#define QUERN_FORMATS_DATASET_STREAM_H

#include "formats/store/dataset.h"

/* Fills dataset; its split has rows and plan->num_slots is not 0. */
bool dataset_stream_open(struct dataset *dataset, struct store *store, enum split split,
                         const struct dataset_plan *plan, struct error *error);
/* NULL is fine. */
void dataset_stream_close(struct dataset_stream *stream);
size_t dataset_stream_num_slots(const struct dataset_stream *stream);
uint64_t dataset_stream_nbytes(struct store *store, enum split split,
                               const struct dataset_plan *plan);

#endif
