#include "draw/draw_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/text.h"
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

static int count_name_digits(uint64_t num_images)
{
    int num_digits = 6;

    for (uint64_t limit = 1000000; num_images > limit; limit *= 10)
        num_digits++;
    return num_digits;
}

static const char *format_class_folder(const struct draw_tree *tree, unsigned split, unsigned digit,
                                       char path[MAX_PATH_NBYTES])
{
    return text_format(path, MAX_PATH_NBYTES, "%s/%s/%u", tree->root, split_names[split], digit);
}

/* The folder of an image in a class of many. */
static const char *format_subfolder(const struct draw_tree *tree, const struct picture *picture,
                                    char path[MAX_PATH_NBYTES])
{
    int num_digits = count_name_digits(tree->num_images[picture->split]) - 4;

    return text_format(path, MAX_PATH_NBYTES, "%s/%s/%u/%0*" PRIu64, tree->root,
                       split_names[picture->split], picture->digit, num_digits,
                       picture->index / DRAW_TREE_FOLDER_IMAGES);
}

static const char *format_image(const struct draw_tree *tree, const struct picture *picture,
                                char path[MAX_PATH_NBYTES])
{
    uint64_t num_images = tree->num_images[picture->split];

    if (num_images > DRAW_TREE_FOLDER_IMAGES)
        format_subfolder(tree, picture, path);
    else
        format_class_folder(tree, picture->split, picture->digit, path);
    text_format(path + strlen(path), MAX_PATH_NBYTES - strlen(path), "/%0*" PRIu64 ".png",
                count_name_digits(num_images), picture->index);
    return path;
}

/* ---- folders ---- */

static bool make_folder(const char *path, struct error *error)
{
    struct stat info;

    if (mkdir(path, 0777) == 0)
        return true;
    if (errno != EEXIST)
        return error_set_errno(error, path, "cannot make the folder");
    if (stat(path, &info) != 0)
        return error_set_errno(error, path, "cannot make the folder");
    if (!S_ISDIR(info.st_mode))
        return error_set(error, STATUS_IO, ERROR_AT(.file = path),
                         "cannot make the folder: a file of this name is in the way");
    return true;
}

static bool check_empty(const char *path, struct error *error)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool is_empty = true;
    int error_number;

    if (!folder)
        return error_set_errno(error, path, "cannot list the folder");
    errno = 0;
    while (is_empty && (entry = readdir(folder)))
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    error_number = errno;
    closedir(folder);
    if (!is_empty)
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = path),
                         "the folder is not empty: give another, or --force to draw into it");
    if (error_number != 0) {
        errno = error_number;
        return error_set_errno(error, path, "cannot list the folder");
    }
    return true;
}

static bool make_class_folders(const struct draw_tree *tree, unsigned split, unsigned digit,
                               struct error *error)
{
    uint64_t num_images = tree->num_images[split];
    char path[MAX_PATH_NBYTES];
    bool ok = make_folder(format_class_folder(tree, split, digit, path), error);

    for (uint64_t first = 0; ok && num_images > DRAW_TREE_FOLDER_IMAGES && first < num_images;
         first += DRAW_TREE_FOLDER_IMAGES) {
        struct picture picture = {.split = split, .digit = digit, .index = first};

        ok = make_folder(format_subfolder(tree, &picture, path), error);
    }
    return ok;
}

static bool make_folders(const struct draw_tree *tree, struct error *error)
{
    char path[MAX_PATH_NBYTES];
    bool ok = make_folder(tree->root, error);

    if (ok && !tree->force)
        ok = check_empty(tree->root, error);
    for (unsigned split = 0; split < NUM_SPLITS; split++) {
        if (tree->num_images[split] == 0)
            continue;
        text_format(path, sizeof(path), "%s/%s", tree->root, split_names[split]);
        if (ok)
            ok = make_folder(path, error);
        for (size_t i = 0; ok && i < tree->num_digits; i++)
            ok = make_class_folders(tree, split, tree->digits[i], error);
    }
    return ok;
}

/* ---- images ---- */

static bool write_all(int fd, const char *path, const char *bytes, size_t nbytes,
                      struct error *error)
{
    while (nbytes > 0) {
        ssize_t written = write(fd, bytes, nbytes);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(error, path, "cannot write");
        bytes += written;
        nbytes -= (size_t)written;
    }
    return true;
}

/*
 * Beside the image, under a name that ends in no .png: a run that is killed leaves no half image
 * where quern-ingest would find it, and the next run writes the same temporary file again.
 */
static const char *format_temporary(const char *path, char temporary[MAX_PATH_NBYTES])
{
    int folder_length = (int)(strrchr(path, '/') - path);

    return text_format(temporary, MAX_PATH_NBYTES, "%.*s/.%s.partial", folder_length, path,
                       path + folder_length + 1);
}

static bool write_file(const char *path, const void *bytes, size_t nbytes, struct error *error)
{
    char temporary[MAX_PATH_NBYTES];
    int fd =
        open(format_temporary(path, temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok;

    if (fd < 0)
        return error_set_errno(error, path, "cannot make the file");
    ok = write_all(fd, path, bytes, nbytes, error);
    if (close(fd) != 0 && ok)
        ok = error_set_errno(error, path, "cannot write");
    if (ok && rename(temporary, path) != 0)
        ok = error_set_errno(error, path, "cannot make the file");
    if (!ok)
        unlink(temporary);
    return ok;
}

/* Numbers all images of the tree through: splits, then classes, then images. */
static struct picture find_picture(const struct draw_tree *tree, uint64_t number)
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

static bool draw_image(const struct draw_tree *tree, uint64_t number, struct canvas *canvas,
                       struct error *error)
{
    struct picture picture = find_picture(tree, number);
    char path[MAX_PATH_NBYTES];
    void *bytes;
    size_t nbytes;
    bool ok;

    render_picture(&picture, canvas);
    ok = png_file_write_pixels(canvas->pixels, (uint32_t)tree->image.width,
                               (uint32_t)tree->image.height, (unsigned)tree->image.channels, &bytes,
                               &nbytes, error);
    if (ok)
        ok = write_file(format_image(tree, &picture, path), bytes, nbytes, error);
    free(bytes);
    return ok;
}

/* One canvas a thread. */
static bool draw_images(const struct draw_tree *tree, struct canvas *canvases, int num_threads,
                        struct progress *progress, struct error *error)
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
        if (!draw_image(tree, (uint64_t)i, &canvases[thread], &own)) {
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
    bool ok = make_folders(tree, error);

    if (num_threads > num_images)
        num_threads = (size_t)num_images;
    if (ok)
        ok = memory_allocate(&canvases, num_threads, sizeof(*canvases), error);
    for (size_t i = 0; ok && i < num_threads; i++)
        ok = canvas_create(&tree->image, &canvases[i], error);
    if (ok)
        ok = draw_images(tree, canvases, (int)num_threads, progress, error);
    for (size_t i = 0; canvases && i < num_threads; i++)
        canvas_destroy(&canvases[i]);
    free(canvases);
    return ok;
}
