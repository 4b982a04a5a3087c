#include "evaluate/single_images.h"

#include <omp.h>
#include <stdlib.h>

#include "common/memory.h"
#include "images/decode.h"

/* The working memory of one thread. */
struct scratch {
    struct model_workspace workspace;
    struct decode_buffer buffer;
};

static bool decode(const struct loaded_model *loaded, const char *path, uint64_t max_pixels,
                   struct scratch *scratch, const uint8_t **pixels, struct error *error)
{
    struct source_file file;
    struct image_info info;
    struct image_shape shape;

    if (!decode_open_path(path, max_pixels, &scratch->buffer, &file, &info, error))
        return false;
    shape = (struct image_shape){.height = info.height, .width = info.width};
    return loaded_model_check_image(loaded, path, &shape, false, error) &&
           decode_opened(path, &file, max_pixels, loaded->model.spec.image.channels,
                         &scratch->buffer, pixels, error);
}

static void classify(const struct loaded_model *loaded, uint64_t max_pixels,
                     struct scratch *scratch, struct single_image *image)
{
    struct error error = {0};
    const uint8_t *rows[1];
    const uint32_t no_label = 0;

    if (decode(loaded, image->path, max_pixels, scratch, &rows[0], &error)) {
        image->is_classified = true;
        model_evaluate(&loaded->model, rows, &no_label, 1, &scratch->workspace, &image->prediction,
                       image->scores, NULL);
        return;
    }
    image->error = malloc(sizeof(error));
    if (image->error)
        *image->error = error;
}

static bool classify_all(const struct loaded_model *loaded, uint64_t max_pixels, int num_threads,
                         struct single_images *result, struct error *error)
{
    struct scratch *scratches = NULL;
    bool ok = memory_allocate(&scratches, (size_t)num_threads, sizeof(*scratches), error);

    for (int t = 0; t < num_threads && ok; t++)
        ok = model_workspace_create(&loaded->model, &scratches[t].workspace, error);
    if (!ok)
        goto out;
#pragma omp parallel for schedule(dynamic) num_threads(num_threads)
    for (size_t i = 0; i < result->count; i++)
        classify(loaded, max_pixels, &scratches[omp_get_thread_num()], &result->images[i]);
out:
    for (int t = 0; scratches && t < num_threads; t++) {
        model_workspace_destroy(&scratches[t].workspace);
        decode_buffer_free(&scratches[t].buffer);
    }
    free(scratches);
    return ok;
}

bool single_images_classify(const struct loaded_model *loaded, char *const *paths, size_t count,
                            uint64_t max_pixels, int num_threads, struct single_images *result,
                            struct error *error)
{
    size_t num_classes = loaded->model.spec.num_classes;
    bool ok;

    *result = (struct single_images){.count = count};
    ok = memory_allocate(&result->images, count, sizeof(*result->images), error);
    if (ok)
        ok = memory_allocate(&result->scores, count, num_classes * sizeof(*result->scores), error);
    if (!ok)
        return ok;
    for (size_t i = 0; i < count; i++)
        result->images[i] =
            (struct single_image){.path = paths[i], .scores = result->scores + i * num_classes};
    return classify_all(loaded, max_pixels, num_threads, result, error);
}

void single_images_destroy(struct single_images *result)
{
    for (size_t i = 0; result->images && i < result->count; i++)
        free(result->images[i].error);
    free(result->images);
    free(result->scores);
    *result = (struct single_images){0};
}
