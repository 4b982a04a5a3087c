#include "evaluate/single_images.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "common/file.h"
#include "common/memory.h"
#include "images/png_file.h"

enum { MAX_FILE_NBYTES = 1 << 30 };

/* The working memory of one thread. */
struct scratch {
    struct model_workspace workspace;
    uint8_t *pixels;
};

static bool single_images_decode(const struct model_file *file, const char *path,
                                 uint64_t max_pixels, uint8_t *pixels, struct error *error)
{
    struct png_file_info info;
    struct image_shape shape;
    uint8_t *bytes = NULL;
    size_t nbytes = 0;
    bool ok = file_read_whole(path, MAX_FILE_NBYTES, &bytes, &nbytes, error) &&
              png_file_read_info(path, bytes, nbytes, max_pixels, &info, error);

    if (ok) {
        shape = (struct image_shape){.height = info.height, .width = info.width};
        ok = model_file_check_image(file, path, &shape, false, error) &&
             png_file_read_pixels(path, bytes, nbytes, max_pixels,
                                  (unsigned)file->model.spec.image.channels, pixels, error);
    }
    free(bytes);
    return ok;
}

static bool single_images_score(const struct model_file *file, struct scratch *scratch,
                                struct single_image *image, struct error *error)
{
    const uint8_t *rows[1] = {scratch->pixels};
    const uint32_t no_label = 0;

    model_evaluate(&file->model, rows, &no_label, 1, &scratch->workspace, &image->prediction,
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

    if (single_images_decode(file, image->path, max_pixels, scratch->pixels, &error) &&
        single_images_score(file, scratch, image, &error)) {
        image->is_classified = true;
        return;
    }
    image->error = malloc(sizeof(error));
    if (image->error)
        *image->error = error;
}

static bool single_images_create_scratch(const struct model *model, struct scratch *scratch,
                                         struct error *error)
{
    return model_workspace_create(model, &scratch->workspace, error) &&
           memory_allocate(&scratch->pixels, model->num_inputs, 1, error);
}

static bool single_images_classify_all(const struct model_file *file, uint64_t max_pixels,
                                       int num_threads, struct single_images *result,
                                       struct error *error)
{
    struct scratch *scratches = NULL;
    bool ok = memory_allocate(&scratches, (size_t)num_threads, sizeof(*scratches), error);

    for (int t = 0; t < num_threads && ok; t++)
        ok = single_images_create_scratch(&file->model, &scratches[t], error);
    if (!ok)
        goto out;
#pragma omp parallel for schedule(dynamic) num_threads(num_threads)
    for (size_t i = 0; i < result->count; i++)
        single_images_classify_one(file, max_pixels, &scratches[omp_get_thread_num()],
                                   &result->images[i]);
out:
    for (int t = 0; scratches && t < num_threads; t++) {
        model_workspace_destroy(&scratches[t].workspace);
        free(scratches[t].pixels);
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
