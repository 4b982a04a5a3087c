/*
 * Tables of labels: rows have a path and a label that lie in the table's bytes, lines count up, and
 * where all images have labels no row is left.
 */
#include <string.h>

#include "images/sources/labelling.h"
#include "ingest/label_table.h"
#include "tests/fuzz/fuzz.h"

static void check_table(struct label_table *table, size_t nbytes)
{
    static const char *paths[] = {"a.png", "b/c.png", "b/d.png"};
    struct scan scan = {.num_images = 3, .paths = paths};
    struct error error = {0};
    uint64_t line = 0;
    bool ok;

    FUZZ_DEMAND(table->count > 0);
    for (size_t i = 0; i < table->count; i++) {
        const struct label_row *row = &table->rows[i];

        FUZZ_DEMAND(row->path >= table->bytes &&
                    row->path + strlen(row->path) <= table->bytes + nbytes);
        FUZZ_DEMAND(row->label >= table->bytes &&
                    row->label + strlen(row->label) <= table->bytes + nbytes);
        FUZZ_DEMAND(row->path[0] != '\0' && row->label[0] != '\0');
        FUZZ_DEMAND(row->line > line && row->line <= nbytes);
        line = row->line;
    }
    ok = label_table_apply(table, &scan, &error);
    FUZZ_DEMAND(ok || error.status == STATUS_DATA);
    FUZZ_DEMAND(!ok || scan.labelling->classes.count <= 3);
    labelling_free(scan.labelling);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    char *copy = malloc(nbytes + 1);
    struct label_table table;
    struct error error = {0};
    bool ok;

    FUZZ_DEMAND(copy);
    if (nbytes > 0)
        memcpy(copy, bytes, nbytes);
    copy[nbytes] = '\0';
    ok = label_table_parse("labels", copy, nbytes, &table, &error);
    FUZZ_DEMAND(ok || error.status == STATUS_DATA);
    FUZZ_DEMAND(ok == error_ok(&error));
    if (ok)
        check_table(&table, nbytes);
    label_table_free(&table);
    return 0;
}
