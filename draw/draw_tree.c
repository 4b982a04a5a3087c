#include "draw/draw_tree.h"

#include <inttypes.h>
#include <limits.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"
#include "common/text_list.h"
#include "draw/render.h"
#include "images/png_file.h"

/* Room beyond what the system takes, so that a cut path is too long for it and is refused. */
enum { MAX_PATH_NBYTES = PATH_MAX + 64 };

uint64_t draw_tree_count_images(const struct draw_tree *tree)
{
    uint64_t sum = 0;

    for (size_t split = 0; split < NUM_SPLITS; split++)
        sum += tree->num_images[split] * tree->num_digits;
    return sum;
}

/* ---- names ---- */

static int draw_tree_count_name_digits(uint64_t num_images)
{
    int num_digits = 6;

    for (uint64_t limit = 1000000; num_images > limit; limit *= 10)
        num_digits++;
    return num_digits;
}

static const char *draw_tree_format_class_directory(const struct draw_tree *tree, unsigned split,
                                                    unsigned digit, char path[MAX_PATH_NBYTES])
{
    return text_format(path, MAX_PATH_NBYTES, "%s/%s/%u", tree->root, split_names[split], digit);
}

/* The directory of an image in a class of many. */
static const char *draw_tree_format_subdirectory(const struct draw_tree *tree,
                                                 const struct picture *picture,
                                                 char path[MAX_PATH_NBYTES])
{
    int num_digits = draw_tree_count_name_digits(tree->num_images[picture->split]) - 4;

    return text_format(path, MAX_PATH_NBYTES, "%s/%s/%u/%0*" PRIu64, tree->root,
                       split_names[picture->split], picture->digit, num_digits,
                       picture->index / DRAW_TREE_DIRECTORY_IMAGES);
}

static const char *draw_tree_format_image(const struct draw_tree *tree,
                                          const struct picture *picture, char path[MAX_PATH_NBYTES])
{
    uint64_t num_images = tree->num_images[picture->split];

    if (num_images > DRAW_TREE_DIRECTORY_IMAGES)
        draw_tree_format_subdirectory(tree, picture, path);
    else
        draw_tree_format_class_directory(tree, picture->split, picture->digit, path);
    text_format(path + strlen(path), MAX_PATH_NBYTES - strlen(path), "/%0*" PRIu64 ".png",
                draw_tree_count_name_digits(num_images), picture->index);
    return path;
}

/* ---- directories ---- */

static bool draw_tree_check_empty(const char *path, struct error *error)
{
    struct text_list names;
    bool ok = file_list_directory(path, &names, error);

    if (ok && names.count > 0)
        ok = error_set(error, STATUS_USAGE, ERROR_AT(.file = path),
                       "the directory is not empty: give another, or --force to draw into it");
    text_list_free(&names);
    return ok;
}

/* A killed run leaves the temporary files of the images that it was writing. */
static bool draw_tree_remove_leftovers(const char *directory, struct error *error)
{
    struct text_list names;
    bool ok = file_list_directory(directory, &names, error);

    for (size_t i = 0; ok && i < names.count; i++) {
        char path[MAX_PATH_NBYTES];

        if (file_is_temporary(names.items[i]))
            ok = file_remove(text_format(path, sizeof(path), "%s/%s", directory, names.items[i]),
                             error);
    }
    text_list_free(&names);
    return ok;
}

static bool draw_tree_make_directory(const struct draw_tree *tree, const char *path,
                                     struct error *error)
{
    return file_make_directories(path, error) &&
           (!tree->force || draw_tree_remove_leftovers(path, error));
}

static bool draw_tree_make_class_directories(const struct draw_tree *tree, unsigned split,
                                             unsigned digit, struct error *error)
{
    uint64_t num_images = tree->num_images[split];
    char path[MAX_PATH_NBYTES];
    bool ok = draw_tree_make_directory(
        tree, draw_tree_format_class_directory(tree, split, digit, path), error);

    for (uint64_t first = 0; ok && num_images > DRAW_TREE_DIRECTORY_IMAGES && first < num_images;
         first += DRAW_TREE_DIRECTORY_IMAGES) {
        struct picture picture = {.split = split, .digit = digit, .index = first};

        ok = draw_tree_make_directory(tree, draw_tree_format_subdirectory(tree, &picture, path),
                                      error);
    }
    return ok;
}

static bool draw_tree_make_directories(const struct draw_tree *tree, struct error *error)
{
    bool ok = file_make_directories(tree->root, error) &&
              (tree->force || draw_tree_check_empty(tree->root, error));

    for (unsigned split = 0; split < NUM_SPLITS; split++)
        for (size_t i = 0; ok && tree->num_images[split] > 0 && i < tree->num_digits; i++)
            ok = draw_tree_make_class_directories(tree, split, tree->digits[i], error);
    return ok;
}

/* ---- images ---- */

/* Numbers all images of the tree through: splits, then classes, then images. */
static struct picture draw_tree_find_picture(const struct draw_tree *tree, uint64_t number)
{
    struct picture picture = {.seed = tree->seed};
    uint64_t num_images;

    while (number >= tree->num_images[picture.split] * tree->num_digits)
        number -= tree->num_images[picture.split++] * tree->num_digits;
    num_images = tree->num_images[picture.split];
    picture.digit = tree->digits[number / num_images];
    picture.index = number % num_images;
    return picture;
}

static bool draw_tree_draw_image(const struct draw_tree *tree, uint64_t number,
                                 struct canvas *canvas, struct error *error)
{
    struct picture picture = draw_tree_find_picture(tree, number);
    char path[MAX_PATH_NBYTES];
    void *bytes;
    size_t nbytes;
    bool ok;

    render_picture(&picture, canvas);
    ok = png_file_write_pixels(canvas->pixels, (uint32_t)tree->image.width,
                               (uint32_t)tree->image.height, (unsigned)tree->image.channels, &bytes,
                               &nbytes, error) &&
         file_replace(draw_tree_format_image(tree, &picture, path), bytes, nbytes, false, error);
    free(bytes);
    return ok;
}

/* One canvas a thread. */
static bool draw_tree_draw_images(const struct draw_tree *tree, struct canvas *canvases,
                                  int num_threads, struct progress *progress, struct error *error)
{
    int64_t num_images = (int64_t)draw_tree_count_images(tree);
    atomic_uint_fast64_t num_done = 0;
    atomic_bool has_failed = false;

#pragma omp parallel for num_threads(num_threads) schedule(dynamic, 16)
    for (int64_t i = 0; i < num_images; i++) {
        struct error own = {0};
        int thread = omp_get_thread_num();

        if (has_failed)
            continue;
        if (!draw_tree_draw_image(tree, (uint64_t)i, &canvases[thread], &own)) {
            has_failed = true;
#pragma omp critical(draw_tree_error)
            if (error_ok(error))
                *error = own;
        }
        num_done++;
        if (thread == 0 && progress)
            progress_update(progress, num_done);
    }
    return error_ok(error);
}

bool draw_tree_write(const struct draw_tree *tree, struct progress *progress, struct error *error)
{
    uint64_t num_images = draw_tree_count_images(tree);
    size_t num_threads = (size_t)tree->num_threads;
    struct canvas *canvases = NULL;
    bool ok = draw_tree_make_directories(tree, error);

    if (num_threads > num_images)
        num_threads = (size_t)num_images;
    ok = ok && memory_allocate(&canvases, num_threads, sizeof(*canvases), error);
    for (size_t i = 0; ok && i < num_threads; i++)
        ok = canvas_create(&tree->image, &canvases[i], error);
    ok = ok && draw_tree_draw_images(tree, canvases, (int)num_threads, progress, error);
    for (size_t i = 0; canvases && i < num_threads; i++)
        canvas_destroy(&canvases[i]);
    free(canvases);
    return ok;
}
