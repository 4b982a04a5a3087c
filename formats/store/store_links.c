/* Virtual stores, written: pixels that stay in shards. */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "formats/file/seal.h"
#include "formats/store/store_reader.h"
#include "formats/store/store_shard.h"
#include "formats/store/store_writer.h"

/* ---- which file ---- */

/* The folder of a file that need not be there yet, without links and dots; NULL with errno set. */
static char *resolve_folder(const char *path)
{
    char *copy = strdup(path), *resolved = copy ? realpath(dirname(copy), NULL) : NULL;
    int saved_errno = errno;

    free(copy);
    errno = saved_errno;
    return resolved;
}

/* A path from one resolved folder to a resolved file: "../b/part1.h5" from "/a" to "/b/part1.h5".
 */
static char *make_relative(const char *folder, const char *file)
{
    size_t common = 0, num_up = 0, rest_nbytes, i;
    char *relative;

    for (i = 0; folder[i] && folder[i] == file[i]; i++)
        if (folder[i] == '/')
            common = i + 1;
    /* The folder itself is a part of the file's path. */
    if (folder[i] == '\0' && file[i] == '/')
        common = i + 1;
    if (folder[i] != '\0' || file[i] != '/')
        for (num_up = 1, i = common; folder[i]; i++)
            num_up += folder[i] == '/';
    if (strcmp(folder, "/") == 0)
        num_up = 0;
    rest_nbytes = strlen(file + common) + 1;
    relative = malloc(3 * num_up + rest_nbytes);
    if (!relative)
        return NULL;
    for (i = 0; i < num_up; i++)
        memcpy(relative + 3 * i, "../", 3);
    memcpy(relative + 3 * num_up, file + common, rest_nbytes);
    return relative;
}

bool store_link_create(const char *store_path, const char *path, struct store *shard,
                       struct store_link *link, struct error *error)
{
    char *folder = resolve_folder(store_path), *file = NULL;
    struct seal seal = {0};
    bool ok = true;

    *link = (struct store_link){0};
    if (!folder) {
        ok = error_set_errno(error, store_path, "cannot be found");
        goto out;
    }
    file = realpath(path, NULL);
    if (!file) {
        ok = error_set_errno(error, path, "cannot be found");
        goto out;
    }
    link->path = make_relative(folder, file);
    if (!link->path) {
        ok = error_set_memory(error, strlen(file));
        goto out;
    }
    ok = seal_read(path, path, &seal, error);
    link->nbytes = seal.nbytes;
    link->crc32 = seal.crc32;
    for (int s = 0; s < NUM_SPLITS; s++)
        link->num_rows[s] = store_num_rows(shard, (enum split)s);
    if (!ok) {
        free(link->path);
        link->path = NULL;
    }
out:
    free(folder);
    free(file);
    return ok;
}

/* ---- writing ---- */

/* In names of files of virtual datasets, HDF5 reads %b as a number and %% as a percent sign. */
static char *escape_percent(const char *path)
{
    char *escaped = malloc(2 * strlen(path) + 1), *out = escaped;

    for (; escaped && *path; path++) {
        if (*path == '%')
            *out++ = '%';
        *out++ = *path;
    }
    if (escaped)
        *out = '\0';
    return escaped;
}

/* Maps all rows of a split of one shard to rows first and on of the virtual dataset. */
static void map_rows(const struct h5_context *file, hid_t list, hid_t space, hsize_t *size,
                     size_t rank, uint64_t first, const char *name, const struct store_link *link)
{
    hsize_t start[ROWS_MAX_RANK] = {first};
    char *path = escape_percent(link->path);
    hid_t source = H5I_INVALID_HID;

    if (!path) {
        error_set_memory(file->error, strlen(link->path));
        return;
    }
    source =
        h5_hold(file, H5Screate_simple((int)rank, size, NULL), name, "cannot make a dataspace");
    if (h5_ok(file) && (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
                        H5Pset_virtual(list, space, path, name, source) < 0))
        h5_fail(file, STATUS_INTERNAL, name, "cannot map rows of a shard");
    h5_close(file, &source);
    free(path);
}

void store_write_virtual_images(struct store_writer *writer, enum split which,
                                const struct store_link *links, size_t num_links)
{
    static const char *const labels[] = {"sample", "height", "width", "channel"};
    const struct h5_context *file = &writer->file;
    struct split_writer *split = &writer->splits[which];
    const char *name = TEXT("/%s/images", split_names[which]);
    size_t rank = store_image_rank(&writer->image);
    hsize_t size[ROWS_MAX_RANK] = {split->num_rows, writer->image.height, writer->image.width,
                                   writer->image.channels};
    hid_t list = h5_create_dataset_list(file), space = H5I_INVALID_HID;
    uint64_t first = 0;

    if (h5_ok(file))
        space =
            h5_hold(file, H5Screate_simple((int)rank, size, NULL), name, "cannot make a dataspace");
    for (size_t i = 0; i < num_links && h5_ok(file); i++) {
        size[0] = links[i].num_rows[which];
        if (size[0] > 0)
            map_rows(file, list, space, size, rank, first, name, &links[i]);
        first += size[0];
    }
    if (h5_ok(file))
        split->images.dataset = h5_hold(
            file,
            H5Dcreate2(split->group, "images", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT),
            name, "cannot create the virtual dataset");
    h5_write_dimension_labels(file, split->images.dataset, labels, rank);
    h5_write_text_attribute(file, split->images.dataset, "units", STORE_IMAGE_UNITS);
    h5_close(file, &space);
    h5_close(file, &list);
}

/* A dataset [num_links] or [num_links, 3] of the members of the links that get copies. */
static void write_numbers(const struct h5_context *file, hid_t group, const char *name,
                          size_t width, size_t num_links, const uint64_t *numbers)
{
    uint64_t shape[] = {num_links, width};
    hid_t dataset = h5_write_dataset(file, group, name, H5T_STD_U64LE, H5T_NATIVE_UINT64,
                                     width > 1 ? 2 : 1, shape, numbers);

    h5_close(file, &dataset);
}

void store_write_links(struct store_writer *writer, const struct store_link *links,
                       size_t num_links)
{
    const struct h5_context *file = &writer->file;
    hid_t group = h5_create_group(file, writer->root, "shards");
    struct text_list paths = {0};
    uint64_t *numbers = calloc(num_links + 1, NUM_SPLITS * sizeof(*numbers));

    if (!numbers)
        error_set_memory(file->error, num_links * sizeof(*numbers));
    for (size_t i = 0; i < num_links && h5_ok(file); i++)
        text_list_add(&paths, links[i].path, file->error);
    h5_write_text_attribute(file, group, "description",
                            "files that hold the images: path relative to this file's folder, rows "
                            "of train, valid and test, bytes and CRC-32 by which each is known");
    h5_write_texts(file, group, "path", &paths);
    for (size_t i = 0; i < num_links && h5_ok(file); i++)
        memcpy(numbers + i * NUM_SPLITS, links[i].num_rows, sizeof(links[i].num_rows));
    if (h5_ok(file))
        write_numbers(file, group, "num_rows", NUM_SPLITS, num_links, numbers);
    for (size_t i = 0; i < num_links && h5_ok(file); i++)
        numbers[i] = links[i].nbytes;
    if (h5_ok(file))
        write_numbers(file, group, "nbytes", 1, num_links, numbers);
    for (size_t i = 0; i < num_links && h5_ok(file); i++)
        numbers[i] = links[i].crc32;
    if (h5_ok(file))
        write_numbers(file, group, "crc32", 1, num_links, numbers);
    text_list_free(&paths);
    free(numbers);
    h5_close(file, &group);
}
