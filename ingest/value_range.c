#include "ingest/value_range.h"

#include <omp.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"

/* One thread's part. */
struct value_range_thread {
    struct decode_buffer buffer;
    struct preparation_findings findings;
};

static void value_range_add(const struct pass_plan *plan, size_t index,
                            struct value_range_thread *thread, struct error *error)
{
    struct source_image image = tree_image(plan->tree, index);
    struct image_info info = {0};
    struct decoded decoded;

    if (decode_file_info(&plan->source, &image, &thread->buffer, &info, error) && info.is_deep &&
        decode_file(&plan->source, &image, 1, &thread->buffer, &decoded, error))
        preparation_add(&thread->findings, &decoded.info);
}

static void value_range_join(struct preparation_findings *findings,
                             const struct preparation_findings *part)
{
    const uint64_t num_images = findings->num_images + part->num_images;
    const struct image_info ends = {
        .has_range = part->has_range, .low = part->low, .high = part->high};

    preparation_add(findings, &ends);
    findings->num_images = num_images;
    findings->num_transparent += part->num_transparent;
    findings->num_deep += part->num_deep;
}

bool value_range_find(const struct pass_plan *plan, struct preparation_findings *findings,
                      struct error *error)
{
    const size_t count = tree_num_rows(plan->tree), num_threads = (size_t)plan->num_io_threads;
    struct value_range_thread *threads;
    struct progress progress = progress_begin("quern-ingest", "look", "images", count);

    if (!memory_allocate(&threads, num_threads, sizeof(*threads), error))
        return false;
    for (size_t t = 0; t < num_threads; t++)
        threads[t].buffer.pixels.max_nbytes = plan->max_image_nbytes;
#pragma omp parallel for num_threads(plan->num_io_threads) schedule(dynamic, 8)
    for (size_t i = 0; i < count; i++) {
        struct error failure = {0};

        if (!signals_stop_requested())
            value_range_add(plan, i, &threads[omp_get_thread_num()], &failure);
        /* A file that is at fault, or too large, is no reason to stop here. */
        if (failure.status != STATUS_OK && failure.status != STATUS_DATA &&
            failure.status != STATUS_USAGE) {
#pragma omp critical(value_range_failed)
            error_set(error, failure.status, ERROR_AT(.file = plan->tree->paths[i]), "%s",
                      failure.what);
        }
        if (omp_get_thread_num() == 0)
            progress_update(&progress, i);
    }
    progress_clear(&progress);
    for (size_t t = 0; t < num_threads; t++) {
        value_range_join(findings, &threads[t].findings);
        decode_buffer_free(&threads[t].buffer);
    }
    free(threads);
    if (error_ok(error) && signals_stop_requested())
        error_set(error, STATUS_STOPPED, ERROR_AT(.file = plan->store_path),
                  "stopped by %s; nothing was written, run again",
                  signals_name(signals_stop_requested()));
    return error_ok(error);
}
