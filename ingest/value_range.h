/*
 * Which values samples of 16 bits have, over all images that become rows: a pass over them before
 * the one that writes the store.
 */
#ifndef QUERN_INGEST_VALUE_RANGE_H
#define QUERN_INGEST_VALUE_RANGE_H

#include "common/error.h"
#include "images/preparation.h"
#include "ingest/pass.h"

/*
 * Decodes the images of 16 bits, and of others reads the header only; what cannot be read is for
 * pass_run to report.  findings counts images of 16 bits alone.  STATUS_STOPPED after a signal.
 */
bool value_range_find(const struct pass_plan *plan, struct preparation_findings *findings,
                      struct error *error);

#endif
