#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "common/text.h"
#include "formats/limits.h"
#include "formats/store/store_internal.h"
#include "formats/store/store_shard.h"

/*
 * Chunks that are buffered, which bounds the threads that can compress at once: of images 32, which
 * is 8 MiB as pixels and as much again compressed, unless images are larger than chunks usually
 * are; of the small datasets beside them 2.
 */
enum { IMAGE_BUFFER_CHUNKS = 32, SMALL_BUFFER_CHUNKS = 2, IMAGE_BUFFER_NBYTES = 256 << 20 };

/* Labels are as narrow as the number of classes allows. */
static hid_t store_label_type(size_t num_classes)
{
    return num_classes <= 256 ? H5T_NATIVE_UINT8 : H5T_NATIVE_UINT16;
}

static const char *const image_labels[] = {"sample", "height", "width", "channel"};

struct split_layouts {
    struct row_layout images, labels, paths, crc32;
    size_t image_buffer_chunks;
};

/* path_type is of no use to plan. */
static struct split_layouts store_lay_out_split(const struct image_shape *image, size_t num_classes,
                                                size_t max_path_nbytes, uint64_t max_rows,
                                                hid_t path_type)
{
    struct split_layouts split = {
        .images = {.rank = store_image_rank(image),
                   .shape = {max_rows, image->height, image->width, image->channels},
                   .value_nbytes = 1,
                   .type = H5T_NATIVE_UINT8,
                   .labels = image_labels,
                   .has_runs = image->channels == 1},
        .labels = {.rank = 1,
                   .shape = {max_rows},
                   .value_nbytes = num_classes <= 256 ? 1 : 2,
                   .type = store_label_type(num_classes),
                   .labels = image_labels},
        .image_buffer_chunks = IMAGE_BUFFER_CHUNKS,
    };
    size_t row_nbytes = image_num_values(image);
    size_t chunk_nbytes = rows_choose_chunk_rows(row_nbytes) * row_nbytes;

    split.paths = split.crc32 = split.labels;
    split.paths.value_nbytes = max_path_nbytes;
    split.paths.type = path_type;
    split.crc32.value_nbytes = sizeof(uint32_t);
    split.crc32.type = H5T_NATIVE_UINT32;
    while (split.image_buffer_chunks > 1 &&
           split.image_buffer_chunks * chunk_nbytes > IMAGE_BUFFER_NBYTES)
        split.image_buffer_chunks /= 2;
    return split;
}

uint64_t store_writing_nbytes(const struct store_plan *plan)
{
    uint64_t nbytes = 0;

    for (int which = 0; which < NUM_SPLITS; which++) {
        uint64_t max_rows = plan->max_rows[which];
        uint64_t num_rows =
            plan->shard ? plan->shard->end[which] - plan->shard->first[which] : max_rows;
        const struct split_layouts split =
            store_lay_out_split(&plan->image, plan->classes->count,
                                plan->max_path_nbytes ? plan->max_path_nbytes : 1, max_rows, -1);

        if (num_rows == 0)
            continue;
        nbytes += row_writer_nbytes(&split.images, split.image_buffer_chunks, num_rows) +
                  row_writer_nbytes(&split.labels, SMALL_BUFFER_CHUNKS, num_rows) +
                  row_writer_nbytes(&split.paths, SMALL_BUFFER_CHUNKS, num_rows) +
                  row_writer_nbytes(&split.crc32, SMALL_BUFFER_CHUNKS, num_rows) +
                  num_rows * 2 * sizeof(uint32_t);
    }
    return nbytes;
}

/* What no reader accepts, and what HDF5 cannot have as a chunk. */
static bool store_check_plan(const char *path, const struct store_plan *plan, struct error *error)
{
    const struct image_shape *image = &plan->image;

    if (!limits_check_image(path, NULL, image->height, image->width, image->channels, error) ||
        !limits_check_classes(path, plan->classes->count, error))
        return false;
    if (image_num_values(image) > UINT32_MAX)
        return error_set(error, STATUS_DATA,
                         ERROR_AT(.file = path, .expected = TEXT("at most %u", UINT32_MAX),
                                  .found = TEXT("%zu", image_num_values(image))),
                         "an image has more values than a chunk of HDF5 can hold");
    if (plan->shard && plan->max_path_nbytes > STORE_MAX_PATH_NBYTES)
        return error_set(error, STATUS_DATA,
                         ERROR_AT(.file = path,
                                  .expected = TEXT("at most %d bytes", STORE_MAX_PATH_NBYTES),
                                  .found = TEXT("%zu", plan->max_path_nbytes)),
                         "a path of the source is too long for a shard");
    return true;
}

static void store_begin_split(struct store_writer *writer, enum split which, uint64_t max_rows)
{
    const struct h5_context *file = &writer->file;
    struct split_writer *split = &writer->splits[which];
    const struct split_layouts layouts =
        store_lay_out_split(&writer->image, writer->classes.count, writer->max_path_nbytes,
                            max_rows, writer->path_type);

    if (!memory_allocate(&split->row_labels, split->max_rows, sizeof(uint32_t), file->error) ||
        !memory_allocate(&split->row_pixel_crc32, split->max_rows, sizeof(uint32_t), file->error))
        return;
    split->group = h5_create_group(file, writer->root, split_names[which]);
    row_writer_begin(&split->images, file, split->group, "images", &layouts.images,
                     layouts.image_buffer_chunks, writer->compression_level, writer->num_threads);
    h5_write_text_attribute(file, split->images.dataset, "units",
                            "intensity, 0 to 255; models use value / 255");
    row_writer_begin(&split->labels, file, split->group, "labels", &layouts.labels,
                     SMALL_BUFFER_CHUNKS, writer->compression_level, 1);
    row_writer_begin(&split->paths, file, split->group, "paths", &layouts.paths,
                     SMALL_BUFFER_CHUNKS, writer->compression_level, writer->num_threads);
    row_writer_begin(&split->file_crc32, file, split->group, "crc32", &layouts.crc32,
                     SMALL_BUFFER_CHUNKS, writer->compression_level, 1);
    h5_write_text_attribute(file, split->labels.dataset, "units", "index into /classes");
    h5_write_text_attribute(file, split->paths.dataset, "description",
                            "path of each sample's file, relative to the source; rows are ordered "
                            "by it, bytewise");
    h5_write_text_attribute(file, split->file_crc32.dataset, "description",
                            "CRC-32 of each sample's file, all its bytes");
}

/* Frees the writer, whose temporary file is gone or renamed already. */
static void store_free_writer(struct store_writer *writer)
{
    for (int which = 0; which < NUM_SPLITS; which++) {
        struct split_writer *split = &writer->splits[which];

        if (split->is_open) {
            row_writer_close(&split->images);
            row_writer_close(&split->labels);
            row_writer_close(&split->paths);
            row_writer_close(&split->file_crc32);
            h5_close(&writer->file, &split->group);
            free(split->row_labels);
            free(split->row_pixel_crc32);
        }
    }
    h5_close(&writer->file, &writer->path_type);
    h5_close_file(&writer->file, &writer->root);
    text_list_free(&writer->classes);
}

bool store_create(const char *path, const struct store_plan *plan, struct store_writer **result,
                  struct error *error)
{
    struct store_writer *writer;

    *result = NULL;
    if (!store_check_plan(path, plan, error))
        return false;
    writer = calloc(1, sizeof(*writer));
    if (!writer)
        return error_set_memory(error, sizeof(*writer));
    writer->root = writer->path_type = H5I_INVALID_HID;
    writer->output.descriptor = -1;
    writer->image = plan->image;
    writer->max_path_nbytes = plan->max_path_nbytes ? plan->max_path_nbytes : 1;
    writer->num_threads = plan->num_threads;
    writer->compression_level = plan->compression_level;
    writer->shard = plan->shard;
    writer->file.error = error;
    if (!text_list_copy(&writer->classes, plan->classes, error) ||
        !atomic_file_begin(&writer->output, path, plan->shard ? FILE_KIND_SHARD : FILE_KIND_STORE,
                           plan->is_forced, error))
        goto fail;
    writer->file.path = writer->output.path;
    writer->root = h5_create_file(&writer->file, &writer->output);
    writer->path_type = h5_create_text_type(&writer->file, writer->max_path_nbytes);
    for (int which = 0; which < NUM_SPLITS; which++) {
        struct split_writer *split = &writer->splits[which];
        uint64_t max_rows = plan->max_rows[which];

        if (plan->shard)
            max_rows = plan->shard->end[which] - plan->shard->first[which];
        if (max_rows == 0)
            continue;
        *split =
            (struct split_writer){.is_open = true, .group = H5I_INVALID_HID, .max_rows = max_rows};
        /* So that closing is right even if the next step fails before it begins them. */
        split->images = split->labels = split->paths = split->file_crc32 =
            (struct row_writer){.file = &writer->file, .dataset = H5I_INVALID_HID};
        if (h5_ok(&writer->file))
            store_begin_split(writer, which, plan->max_rows[which]);
    }
    if (h5_ok(&writer->file)) {
        *result = writer;
        return true;
    }
fail:
    store_abandon(writer);
    return error_ok(error);
}

static void store_append_label(struct row_writer *labels, uint32_t label)
{
    uint8_t narrow = (uint8_t)label;
    uint16_t wide = (uint16_t)label;

    row_writer_append(labels, labels->row_nbytes == 1 ? (void *)&narrow : (void *)&wide, 1);
}

static bool store_refuse_unplanned(const struct store_writer *writer, enum split which)
{
    return error_set(writer->file.error, STATUS_INTERNAL,
                     ERROR_AT(.file = writer->file.path, .dataset = split_names[which]),
                     "a row that was not planned for");
}

bool store_check_planned(const struct store_writer *writer, enum split which, uint64_t count)
{
    const struct split_writer *split = &writer->splits[which];

    return split->is_open && count <= split->max_rows - split->num_rows
               ? true
               : store_refuse_unplanned(writer, which);
}

bool store_append_facts(struct store_writer *writer, enum split which, uint64_t count,
                        const struct store_row *rows)
{
    struct split_writer *split = &writer->splits[which];
    struct error *error = writer->file.error;
    char *padded;

    if (!memory_allocate(&padded, writer->max_path_nbytes, 1, error))
        return false;
    for (uint64_t i = 0; i < count && error_ok(error); i++) {
        size_t path_nbytes = strlen(rows[i].path);

        if (rows[i].label >= writer->classes.count || path_nbytes > writer->max_path_nbytes) {
            store_refuse_unplanned(writer, which);
            break;
        }
        memcpy(padded, rows[i].path, path_nbytes);
        memset(padded + path_nbytes, 0, writer->max_path_nbytes - path_nbytes);
        split->row_labels[split->num_rows + i] = rows[i].label;
        split->row_pixel_crc32[split->num_rows + i] = rows[i].pixel_crc32;
        row_writer_append(&split->file_crc32, &rows[i].file_crc32, 1);
        store_append_label(&split->labels, rows[i].label);
        row_writer_append(&split->paths, padded, 1);
    }
    free(padded);
    return error_ok(error);
}

uint8_t *store_reserve(struct store_writer *writer, enum split which, uint64_t *count)
{
    return row_writer_reserve(&writer->splits[which].images, count);
}

bool store_append(struct store_writer *writer, enum split which, uint64_t count,
                  const struct store_row *rows, const uint8_t *pixels, struct error *error)
{
    struct split_writer *split = &writer->splits[which];
    size_t row_nbytes = image_num_values(&writer->image);

    writer->file.error = error;
    if (!store_check_planned(writer, which, count))
        return false;
    /* From one border of chunks to the next, so that full buffers are written in an order that
     * depends on the row alone: the bytes of a store do not tell how many rows came in one call. */
    while (count > 0 && error_ok(error)) {
        uint64_t part = split->images.chunk_rows - split->num_rows % split->images.chunk_rows;

        part = part < count ? part : count;
        store_append_facts(writer, which, part, rows);
        row_writer_append(&split->images, pixels, part);
        split->num_rows += part;
        rows += part;
        pixels += part * row_nbytes;
        count -= part;
    }
    return error_ok(error);
}

static void store_write_class_means(struct store_writer *writer, enum split which,
                                    const float *means)
{
    static const char *const labels[] = {"class", "height", "width", "channel"};
    const struct h5_context *file = &writer->file;
    uint64_t shape[] = {writer->classes.count, writer->image.height, writer->image.width,
                        writer->image.channels};
    size_t rank = store_image_rank(&writer->image);
    hid_t dataset = h5_write_dataset(file, writer->splits[which].group, "class_means",
                                     H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, rank, shape, means);

    h5_write_dimension_labels(file, dataset, labels, rank);
    h5_write_text_attribute(file, dataset, "units", "intensity / 255, 0 to 1");
    h5_write_text_attribute(file, dataset, "description", "mean image of each class in this split");
    h5_close(file, &dataset);
}

static void store_end_split(struct store_writer *writer, enum split which,
                            const struct store_ending *ending)
{
    const struct h5_context *file = &writer->file;
    struct split_writer *split = &writer->splits[which];
    hid_t dataset;

    row_writer_end(&split->images);
    row_writer_end(&split->labels);
    row_writer_end(&split->paths);
    row_writer_end(&split->file_crc32);
    dataset = h5_write_dataset(file, split->group, "pixel_crc32", H5T_STD_U32LE, H5T_NATIVE_UINT32,
                               1, &split->num_rows, split->row_pixel_crc32);
    h5_write_text_attribute(file, dataset, "description",
                            "CRC-32 of each row of images, checked when it is read");
    h5_close(file, &dataset);
    if (ending->class_means[which])
        store_write_class_means(writer, which, ending->class_means[which]);
    if (ending->class_sums[which])
        store_write_class_sums(writer, which, ending->class_sums[which]);
}

/* Only where there are any, so that stores without are what they always were. */
static void store_write_image_decoders(struct store_writer *writer,
                                       const struct text_list *libraries)
{
    char text[STORE_MAX_DECODERS_NBYTES] = "";

    for (size_t i = 0; libraries && i < libraries->count; i++) {
        size_t used = strlen(text);

        text_format(text + used, sizeof(text) - used, "%s%s", i > 0 ? ", " : "",
                    libraries->items[i]);
    }
    if (text[0] != '\0')
        h5_write_text_attribute(&writer->file, writer->root, "image_decoders", text);
}

static void store_write_root(struct store_writer *writer, const struct store_ending *ending)
{
    const struct h5_context *file = &writer->file;
    const struct image_shape *image = &writer->image;
    struct store_contents contents = {.image = *image, .classes = &writer->classes};
    uint64_t shape[] = {image->height, image->width, image->channels};
    char fingerprint[65];
    hid_t group = H5I_INVALID_HID;

    for (int which = 0; which < NUM_SPLITS; which++) {
        contents.num_rows[which] = writer->splits[which].num_rows;
        contents.labels[which] = writer->splits[which].row_labels;
        contents.pixel_crc32[which] = writer->splits[which].row_pixel_crc32;
    }
    store_compute_fingerprint(&contents, fingerprint);
    h5_write_format(file, writer->root, writer->shard ? STORE_SHARD_FORMAT : STORE_FORMAT,
                    ending->preparation ? STORE_VERSION_PREPARED : STORE_VERSION);
    h5_write_text_attribute(file, writer->root, "description",
                            "labelled images: /SPLIT/images[i] is of class "
                            "/classes[/SPLIT/labels[i]] and comes from the file /SPLIT/paths[i]");
    h5_write_text_attribute(file, writer->root, "fingerprint", fingerprint);
    h5_write_counts_attribute(file, writer->root, "image_shape", shape,
                              image->channels == 1 ? 2 : 3);
    store_write_image_decoders(writer, ending->image_decoders);
    h5_write_texts(file, writer->root, "classes", &writer->classes);
    group = h5_create_group(file, writer->root, "source");
    h5_write_text_attribute(file, group, "name", ending->source.name);
    h5_write_text_attribute(file, group, "settings", ending->source.settings);
    h5_write_text_attribute(file, group, "digest", ending->source.digest);
    h5_close(file, &group);
    if (ending->preparation)
        h5_write_items(file, writer->root, "preprocessing",
                       "how each file was made a row of images: see FORMAT.md",
                       ending->preparation);
    if (writer->shard)
        store_write_shard(writer, ending->file_hashes);
    if (ending->reject_paths && ending->reject_paths->count > 0) {
        group = h5_create_group(file, writer->root, "rejects");
        h5_write_text_attribute(file, group, "description",
                                "files of the source that are no readable PNG and were skipped");
        h5_write_texts(file, group, "path", ending->reject_paths);
        h5_write_texts(file, group, "reason", ending->reject_reasons);
        h5_close(file, &group);
    }
}

bool store_finish(struct store_writer *writer, const struct store_ending *ending,
                  struct error *error)
{
    writer->file.error = error;
    for (int which = 0; which < NUM_SPLITS; which++)
        if (writer->splits[which].is_open)
            store_end_split(writer, which, ending);
    store_write_root(writer, ending);
    store_free_writer(writer);
    if (error_ok(error) && store_check_output(&writer->output, writer->shard != NULL, error))
        atomic_file_commit(&writer->output, error);
    atomic_file_abandon(&writer->output);
    free(writer);
    return error_ok(error);
}

void store_abandon(struct store_writer *writer)
{
    struct error ignored = {0};

    if (!writer)
        return;
    writer->file.error = &ignored;
    store_free_writer(writer);
    atomic_file_abandon(&writer->output);
    free(writer);
}
