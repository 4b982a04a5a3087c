#include "evaluate/single_images.h"

#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "images/png_file.h"

enum { MAX_FILE_NBYTES = 1 << 30 };

/* The working memory of one thread. */
struct scratch {
    struct model_workspace workspace;
    uint8_t *pixels;
};

/* A file that shrinks while it is read comes out shorter, and is then a truncated PNG. */
static bool read_open_file(int descriptor, const char *path, uint8_t **bytes, size_t *nbytes,
                           struct error *error)
{
    struct stat info;
    bool ok;

    if (fstat(descriptor, &info) != 0)
        return error_set_errno(error, path, "cannot read");
    if (!S_ISREG(info.st_mode))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path), "not a regular file");
    if (info.st_size > MAX_FILE_NBYTES)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path), "larger than 1 GiB");
    ok = memory_allocate(bytes, (size_t)info.st_size, 1, error);
    for (*nbytes = 0; ok && *nbytes < (size_t)info.st_size;) {
        ssize_t count = read(descriptor, *bytes + *nbytes, (size_t)info.st_size - *nbytes);

        if (count == 0)
            break;
        if (count > 0)
            *nbytes += (size_t)count;
        else if (errno != EINTR)
            ok = error_set_errno(error, path, "cannot read");
    }
    return ok;
}

static bool read_file(const char *path, uint8_t **bytes, size_t *nbytes, struct error *error)
{
    /* Not to wait for a writer, should the name be a pipe's. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool ok;

    *bytes = NULL;
    if (descriptor < 0)
        return error_set_errno(error, path, "cannot open");
    ok = read_open_file(descriptor, path, bytes, nbytes, error);
    close(descriptor);
    return ok;
}

static bool decode(const struct loaded_model *loaded, const char *path, uint64_t max_pixels,
                   uint8_t *pixels, struct error *error)
{
    uint8_t *bytes = NULL;
    size_t nbytes = 0;
    struct png_file_info info;
    bool ok = read_file(path, &bytes, &nbytes, error);

    if (ok)
        ok = png_file_read_info(path, bytes, nbytes, max_pixels, &info, error);
    if (ok) {
        struct image_shape shape = {.height = info.height, .width = info.width};

        ok = loaded_model_check_image(loaded, path, &shape, false, error);
    }
    if (ok)
        ok = png_file_read_pixels(path, bytes, nbytes, max_pixels,
                                  (unsigned)loaded->model.spec.image.channels, pixels, error);
    free(bytes);
    return ok;
}

static void classify(const struct loaded_model *loaded, uint64_t max_pixels,
                     struct scratch *scratch, struct single_image *image)
{
    struct error error = {0};
    const uint8_t *rows[1] = {scratch->pixels};
    const uint32_t no_label = 0;

    if (decode(loaded, image->path, max_pixels, scratch->pixels, &error)) {
        image->is_classified = true;
        model_evaluate(&loaded->model, rows, &no_label, 1, &scratch->workspace, &image->prediction,
                       image->scores, NULL);
        return;
    }
    image->error = malloc(sizeof(error));
    if (image->error)
        *image->error = error;
}

static bool scratch_create(const struct model *model, struct scratch *scratch, struct error *error)
{
    bool ok = model_workspace_create(model, &scratch->workspace, error);

    if (ok)
        ok = memory_allocate(&scratch->pixels, model->num_inputs, 1, error);
    return ok;
}

static bool classify_all(const struct loaded_model *loaded, uint64_t max_pixels, int num_threads,
                         struct single_images *result, struct error *error)
{
    struct scratch *scratches = NULL;
    bool ok = memory_allocate(&scratches, (size_t)num_threads, sizeof(*scratches), error);

    for (int t = 0; t < num_threads && ok; t++)
        ok = scratch_create(&loaded->model, &scratches[t], error);
    if (!ok)
        goto out;
#pragma omp parallel for schedule(dynamic) num_threads(num_threads)
    for (size_t i = 0; i < result->count; i++)
        classify(loaded, max_pixels, &scratches[omp_get_thread_num()], &result->images[i]);
out:
    for (int t = 0; scratches && t < num_threads; t++) {
        model_workspace_destroy(&scratches[t].workspace);
        free(scratches[t].pixels);
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
