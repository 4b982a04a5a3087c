#include "evaluate/single_images.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "apply/split_pass.h"
#include "common/file.h"
#include "common/machine.h"
#include "common/memory.h"
#include "common/text.h"
#include "images/preparation.h"
#include "images/sources/source.h"

/* The working memory of one thread. */
struct scratch {
    struct model_workspace workspace;
    struct source_reader reader;
    struct preparation_buffer buffer;
    uint8_t *row; /* [H * W * channels] */
};

static bool single_images_decode(const struct model_file *file, const char *path,
                                 uint64_t max_pixels, struct scratch *scratch, struct error *error)
{
    struct source_file image;
    struct image_info info;

    return source_read_path(path, &scratch->reader, &image, error) &&
           preparation_make_row(&file->preparation, &file->model.spec.image, path, image.bytes,
                                image.nbytes, max_pixels, &scratch->buffer, scratch->row, &info,
                                error);
}

static bool single_images_score(const struct model_file *file, struct scratch *scratch,
                                struct single_image *image, struct error *error)
{
    const uint8_t *pixels = scratch->row;
    const uint32_t no_label = 0;

    model_evaluate(&file->model, &pixels, &no_label, 1, &scratch->workspace, &image->prediction,
                   image->scores, NULL);
    for (size_t c = 0; c < file->model.spec.num_classes; c++)
        if (!isfinite(image->scores[c]))
            return error_set(error, STATUS_DATA, ERROR_AT(.file = image->path),
                             "a score is not a finite number: the model's parameters are so large "
                             "that its sums overflow; take an earlier checkpoint");
    return true;
}

static void single_images_classify_one(const struct model_file *file, uint64_t max_pixels,
                                       struct scratch *scratch, struct single_image *image)
{
    struct error error = {0};

    if (single_images_decode(file, image->path, max_pixels, scratch, &error) &&
        single_images_score(file, scratch, image, &error)) {
        image->is_classified = true;
        return;
    }
    image->error = malloc(sizeof(error));
    if (image->error)
        *image->error = error;
}

/* A network of few parameters may have values of any size. */
static bool single_images_check_memory(const struct model_file *file, int num_threads,
                                       struct error *error)
{
    uint64_t needed = split_pass_nbytes(&file->model, num_threads);
    uint64_t limit = machine_memory_nbytes() / 4 * 3;

    return needed <= limit ||
           error_set(error, STATUS_DATA,
                     ERROR_AT(.file = file->path,
                              .expected = TEXT("%" PRIu64 "M at most", limit >> 20),
                              .found = TEXT("%" PRIu64 "M", needed >> 20)),
                     "the network needs more memory to classify an image than 3/4 of this "
                     "machine's or job's: take fewer --threads, or a smaller network");
}

static bool single_images_classify_all(const struct model_file *file, uint64_t max_pixels,
                                       int num_threads, struct single_images *result,
                                       struct error *error)
{
    struct scratch *scratches = NULL;
    bool ok = single_images_check_memory(file, num_threads, error) &&
              memory_allocate(&scratches, (size_t)num_threads, sizeof(*scratches), error);

    for (int t = 0; t < num_threads && ok; t++)
        ok =
            model_workspace_create(&file->model, &scratches[t].workspace, error) &&
            memory_allocate(&scratches[t].row, image_num_values(&file->model.spec.image), 1, error);
    if (!ok)
        goto out;
#pragma omp parallel for schedule(dynamic) num_threads(num_threads)
    for (size_t i = 0; i < result->count; i++)
        single_images_classify_one(file, max_pixels, &scratches[omp_get_thread_num()],
                                   &result->images[i]);
out:
    for (int t = 0; scratches && t < num_threads; t++) {
        model_workspace_destroy(&scratches[t].workspace);
        preparation_buffer_free(&scratches[t].buffer);
        source_reader_free(&scratches[t].reader);
        free(scratches[t].row);
    }
    free(scratches);
    return ok;
}

bool single_images_classify(const struct model_file *file, char *const *paths, size_t count,
                            uint64_t max_pixels, int num_threads, struct single_images *result,
                            struct error *error)
{
    size_t num_classes = file->model.spec.num_classes;

    *result = (struct single_images){.count = count};
    if (!memory_allocate(&result->images, count, sizeof(*result->images), error) ||
        !memory_allocate(&result->scores, count, num_classes * sizeof(*result->scores), error))
        return false;
    for (size_t i = 0; i < count; i++)
        result->images[i] =
            (struct single_image){.path = paths[i], .scores = result->scores + i * num_classes};
    return single_images_classify_all(file, max_pixels, num_threads, result, error);
}

void single_images_destroy(struct single_images *result)
{
    for (size_t i = 0; result->images && i < result->count; i++)
        free(result->images[i].error);
    free(result->images);
    free(result->scores);
    *result = (struct single_images){0};
}
