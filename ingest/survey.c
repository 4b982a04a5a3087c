#include "ingest/survey.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "ingest/contents.h"

/* Files that are decoded before what was found is counted, in their order. */
enum { WINDOW = 4096, NUM_CHANNELS = 3 };

/* What a thread found out about one file. */
struct survey_file {
    enum status status;
    char *reason; /* of a status that is not OK; owned */
    bool is_gray;
    struct image_info info;
};

struct survey_work {
    const struct survey_plan *plan;
    struct survey *survey;
    uint64_t *sizes;           /* [num_images] height and width of those that were read */
    struct survey_file *files; /* [WINDOW] */
    struct decode_buffer *buffers;
    struct error *error;
};

void survey_free(struct survey *survey)
{
    free(survey->contents);
    text_list_free(&survey->bad);
    *survey = (struct survey){0};
}

/* ---- files ---- */

/* Of samples that are not yet what rows will hold, equal pixels do not mean equal pictures: only
 * files of the same bytes are taken for equal then, and for one of a single color those of which
 * all samples are one value. */
static uint64_t survey_find_content(const struct survey_work *work, const struct decoded *decoded)
{
    const struct samples_rule *rule = &work->plan->source.rule;
    uint64_t content = contents_of(decoded->pixels, &decoded->shape);

    if ((decoded->info.is_deep && !rule->has_range) ||
        (decoded->info.is_transparent && !rule->has_background)) {
        content = (content & ~(uint64_t)1) ^ (uint64_t)decoded->file_crc32 << 32;
        content |= decoded->info.has_range && decoded->info.low == decoded->info.high &&
                   !decoded->info.is_transparent;
    }
    return content;
}

static void survey_decode(struct survey_work *work, size_t row, struct survey_file *file)
{
    struct source_image image = tree_image(work->plan->tree, row);
    struct decoded decoded;
    struct error error = {0};
    char reason[2048];

    *file = (struct survey_file){0};
    work->sizes[row] = 0;
    decode_file(&work->plan->source, &image, NUM_CHANNELS, &work->buffers[omp_get_thread_num()],
                &decoded, &error);
    /* Too large for the limit on memory, which is for the files, too. */
    file->status = error.status == STATUS_USAGE ? STATUS_DATA : error.status;
    if (file->status != STATUS_OK) {
        file->reason = strdup(decode_describe(reason, sizeof(reason), &error));
        return;
    }
    file->is_gray = decoded.is_gray;
    file->info = decoded.info;
    work->survey->contents[image.index] = survey_find_content(work, &decoded);
    work->sizes[row] = (uint64_t)decoded.shape.height << 32 | decoded.shape.width;
}

static bool survey_add_bad(struct survey_work *work, const char *path, const char *reason)
{
    struct survey *survey = work->survey;
    char text[2048], escaped[1024];

    if (survey->num_bad++ >= SURVEY_MAX_BAD)
        return true;
    text_format(text, sizeof(text), "%s: %s", text_escape(escaped, sizeof(escaped), path), reason);
    return text_list_add(&survey->bad, text, work->error);
}

static bool survey_count_file(struct survey_work *work, size_t row, const struct survey_file *file)
{
    struct survey *survey = work->survey;
    const char *path = work->plan->tree->paths[row];

    if (file->status == STATUS_OK) {
        survey->num_images++;
        survey->num_gray += file->is_gray;
        survey->num_color += !file->is_gray;
        survey->num_faults += file->info.fault[0] != '\0';
        preparation_add(&survey->findings, &file->info);
        return true;
    }
    if (!file->reason)
        return error_set_memory(work->error, 256);
    if (file->status == STATUS_DATA)
        return survey_add_bad(work, path, file->reason);
    return error_set(work->error, file->status, ERROR_AT(.file = path), "%s", file->reason);
}

static bool survey_run_window(struct survey_work *work, size_t first, size_t count,
                              struct progress *progress)
{
    bool ok = true;

    /* A few files at a time: neighbours lie in one directory, which a thread keeps open. */
#pragma omp parallel for num_threads(work->plan->num_io_threads) schedule(dynamic, 8)
    for (size_t i = 0; i < count; i++) {
        if (signals_stop_requested())
            work->files[i] = (struct survey_file){0};
        else
            survey_decode(work, first + i, &work->files[i]);
        if (omp_get_thread_num() == 0)
            progress_update(progress, first + i);
    }
    if (signals_stop_requested())
        ok = error_set(work->error, STATUS_STOPPED, NULL,
                       "stopped by %s; nothing was written, run again",
                       signals_name(signals_stop_requested()));
    for (size_t i = 0; i < count; i++) {
        ok = ok && survey_count_file(work, first + i, &work->files[i]);
        free(work->files[i].reason);
    }
    return ok;
}

/* ---- sizes ---- */

static int survey_compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* Puts a size among the most frequent ones; of equally frequent ones the smaller comes first. */
static void survey_rank_size(struct survey *survey, uint64_t packed, uint64_t count)
{
    struct survey_size size = {(uint32_t)(packed >> 32), (uint32_t)packed, count};

    survey->num_sizes++;
    for (int i = 0; i < SURVEY_MAX_SIZES; i++) {
        if (size.count > survey->sizes[i].count) {
            struct survey_size other = survey->sizes[i];

            survey->sizes[i] = size;
            size = other;
        }
    }
}

/* Uses up the sizes. */
static void survey_count_sizes(struct survey *survey, uint64_t *sizes, size_t num_rows)
{
    size_t count = 0, same = 0;

    for (size_t i = 0; i < num_rows; i++) {
        if (sizes[i] != 0)
            sizes[count++] = sizes[i];
    }
    if (count == 0)
        return;
    qsort(sizes, count, sizeof(*sizes), survey_compare_numbers);
    for (size_t i = 0; i < count; i += same) {
        for (same = 1; i + same < count && sizes[i + same] == sizes[i];)
            same++;
        survey_rank_size(survey, sizes[i], same);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t height = (uint32_t)(sizes[i] >> 32), width = (uint32_t)sizes[i];

        sizes[i] = height < width ? height : width;
    }
    qsort(sizes, count, sizeof(*sizes), survey_compare_numbers);
    survey->least_side = (uint32_t)sizes[0];
    survey->most_side = (uint32_t)sizes[count - 1];
    survey->median_side = (uint32_t)sizes[count / 2];
}

/* ---- the whole ---- */

static bool survey_prepare(struct survey_work *work)
{
    const struct survey_plan *plan = work->plan;
    size_t num_rows = tree_num_rows(plan->tree), num_threads = (size_t)plan->num_io_threads;

    if (!memory_allocate(&work->survey->contents, plan->num_scanned, sizeof(uint64_t),
                         work->error) ||
        !memory_allocate_unset(&work->sizes, num_rows, sizeof(uint64_t), work->error) ||
        !memory_allocate_unset(&work->files, WINDOW, sizeof(*work->files), work->error) ||
        !memory_allocate(&work->buffers, num_threads, sizeof(*work->buffers), work->error))
        return false;
    /* A third for the bytes of the file. */
    for (size_t t = 0; t < num_threads; t++)
        work->buffers[t].pixels.max_nbytes = plan->memory_limit / num_threads / 3 * 2;
    return true;
}

bool survey_run(const struct survey_plan *plan, struct survey *survey, struct error *error)
{
    struct survey_work work = {.plan = plan, .survey = survey, .error = error};
    size_t num_rows = tree_num_rows(plan->tree);
    struct progress progress = progress_begin("quern-ingest", "look at", "images", num_rows);
    bool ok;

    *survey = (struct survey){0};
    ok = survey_prepare(&work);
    for (size_t first = 0; first < num_rows && ok; first += WINDOW)
        ok = survey_run_window(&work, first, num_rows - first < WINDOW ? num_rows - first : WINDOW,
                               &progress);
    progress_clear(&progress);
    if (ok)
        survey_count_sizes(survey, work.sizes, num_rows);
    for (int t = 0; t < plan->num_io_threads && work.buffers; t++)
        decode_buffer_free(&work.buffers[t]);
    free(work.buffers);
    free(work.sizes);
    free(work.files);
    return ok;
}
