/*
 * floor TREE [REPEATS]
 *
 * What one core needs at least to turn a tree of 8-bit gray PNG files of one size into a store by
 * the libraries that ingest uses: opening, reading and closing each file; libpng's decoding of it
 * from memory; zlib's deflating of the pixels in chunks.  Nothing else is done: no looking for
 * files, no checks, no labels, no HDF5, no flushing.  Prints for each step microseconds an image
 * and images or megabytes a second, and what the sum makes on two cores.  Medians; the files are in
 * the page cache.
 */
#include <fcntl.h>
#include <fts.h>
#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "bench/measure.h"

/* The chunks of a store are of about this size (formats/FORMAT.md). */
enum { CHUNK_NBYTES = 256 * 1024, MAX_FILE_NBYTES = 64 * 1024 };

struct file {
    int folder; /* descriptor */
    char *name;
    uint8_t *bytes;
    size_t nbytes;
};

struct images {
    struct file *files;
    size_t num_files;
    uint8_t *pixels; /* [num_files][image_nbytes] */
    size_t image_nbytes;
    uint8_t *deflated; /* of one chunk */
    size_t deflated_nbytes;
    int strategy; /* zlib's */
    size_t stored_nbytes;
    uint8_t buffer[MAX_FILE_NBYTES];
};

static void die(const char *what, const char *where)
{
    fprintf(stderr, "floor: %s: %s\n", where, what);
    exit(EXIT_FAILURE);
}

/* ---- the steps ---- */

static size_t read_file(struct images *images, const struct file *file)
{
    int descriptor = openat(file->folder, file->name, O_RDONLY | O_CLOEXEC);
    ssize_t nbytes = descriptor < 0 ? -1 : read(descriptor, images->buffer, sizeof(images->buffer));

    if (nbytes < 0 || close(descriptor) != 0)
        die("cannot read", file->name);
    return (size_t)nbytes;
}

static void read_all(void *context)
{
    struct images *images = context;

    for (size_t i = 0; i < images->num_files; i++)
        read_file(images, &images->files[i]);
}

struct cursor {
    const uint8_t *bytes;
    size_t left;
};

static void copy_bytes(png_structp png, png_bytep out, size_t nbytes)
{
    struct cursor *cursor = png_get_io_ptr(png);

    if (nbytes > cursor->left)
        png_error(png, "truncated");
    memcpy(out, cursor->bytes, nbytes);
    cursor->bytes += nbytes;
    cursor->left -= nbytes;
}

/* Into images->pixels, which is made for images of the first one's size. */
static void decode(struct images *images, size_t index)
{
    const struct file *file = &images->files[index];
    struct cursor cursor = {file->bytes, file->nbytes};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    size_t row_nbytes, image_nbytes;

    if (!info || setjmp(png_jmpbuf(png)))
        die("libpng cannot decode it", file->name);
    png_set_read_fn(png, &cursor, copy_bytes);
    png_read_info(png, info);
    row_nbytes = png_get_image_width(png, info);
    image_nbytes = row_nbytes * png_get_image_height(png, info);
    if (!images->pixels) {
        images->image_nbytes = image_nbytes;
        images->pixels = malloc(images->num_files * image_nbytes);
    }
    if (!images->pixels || image_nbytes != images->image_nbytes ||
        png_get_rowbytes(png, info) != row_nbytes ||
        png_get_interlace_type(png, info) != PNG_INTERLACE_NONE)
        die("not 8-bit gray of the size of the first", file->name);
    for (size_t y = 0; y < image_nbytes / row_nbytes; y++)
        png_read_row(png, images->pixels + index * image_nbytes + y * row_nbytes, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
}

static void decode_all(void *context)
{
    struct images *images = context;

    for (size_t i = 0; i < images->num_files; i++)
        decode(images, i);
}

static void deflate_all(void *context)
{
    struct images *images = context;
    size_t left = images->num_files * images->image_nbytes;
    uint8_t *in = images->pixels;
    z_stream stream = {0};

    images->stored_nbytes = 0;
    if (deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS, 8, images->strategy) != Z_OK)
        die("cannot start", "zlib");
    while (left > 0) {
        size_t nbytes = left < CHUNK_NBYTES ? left : CHUNK_NBYTES;

        deflateReset(&stream);
        stream.next_in = in;
        stream.avail_in = (uInt)nbytes;
        stream.next_out = images->deflated;
        stream.avail_out = (uInt)images->deflated_nbytes;
        if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
            die("cannot deflate", "zlib");
        images->stored_nbytes += stream.total_out;
        in += nbytes;
        left -= nbytes;
    }
    deflateEnd(&stream);
}

/* ---- the files ---- */

static void add_file(struct images *images, const FTSENT *entry, int folder)
{
    struct file *file;

    images->files = realloc(images->files, (images->num_files + 1) * sizeof(*images->files));
    if (!images->files)
        die("no memory", entry->fts_path);
    file = &images->files[images->num_files];
    *file = (struct file){.folder = folder, .name = strdup(entry->fts_name)};
    file->nbytes = file->name ? read_file(images, file) : 0;
    file->bytes = malloc(file->nbytes + 1);
    if (!file->bytes)
        die("no memory", entry->fts_path);
    memcpy(file->bytes, images->buffer, file->nbytes);
    images->num_files++;
}

static void list_files(struct images *images, char *tree)
{
    char *roots[] = {tree, NULL};
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
    int folder = -1;

    for (FTSENT *entry = walk ? fts_read(walk) : NULL; entry; entry = fts_read(walk)) {
        size_t length = entry->fts_namelen;

        if (entry->fts_info == FTS_D) /* its files are read one after the other */
            folder = open(entry->fts_accpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        else if (length > 4 && strcmp(entry->fts_name + length - 4, ".png") == 0)
            add_file(images, entry, folder);
    }
    if (images->num_files == 0)
        die("holds no .png files", tree);
    fts_close(walk);
}

/* ---- figures ---- */

/* Returns microseconds an image. */
static double print_step(const char *name, void (*function)(void *), struct images *images,
                         size_t num_repeats)
{
    struct work work = {function, images};
    double num_images = (double)images->num_files, seconds;
    struct timing timing;

    measure(&work, 1, num_repeats, &timing);
    seconds = timing.median;
    printf("%-32s %6.2f us an image  %7.0f images/s  %5.0f MB/s of pixels", name,
           seconds / num_images * 1e6, num_images / seconds,
           num_images * (double)images->image_nbytes / seconds / 1e6);
    if (function == deflate_all)
        printf("  to %.2f MB", (double)images->stored_nbytes / 1e6);
    printf("\n");
    return seconds / num_images * 1e6;
}

int main(int argc, char **argv)
{
    static struct images images;
    size_t num_repeats = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
    double read_time, decode_time, deflate_time;

    if (argc < 2 || argc > 3 || num_repeats < 1 || num_repeats > MEASURE_MAX_REPEATS) {
        fprintf(stderr, "Usage: floor TREE [REPEATS]\n");
        return 2;
    }
    images.deflated_nbytes = compressBound(CHUNK_NBYTES);
    images.deflated = malloc(images.deflated_nbytes);
    if (!images.deflated)
        die("no memory", argv[1]);
    list_files(&images, argv[1]);
    decode_all(&images);
    read_time = print_step("open, read, close", read_all, &images, num_repeats);
    decode_time = print_step("libpng", decode_all, &images, num_repeats);
    print_step("zlib level 1", deflate_all, &images, num_repeats);
    images.strategy = Z_RLE;
    deflate_time = print_step("zlib level 1, runs only", deflate_all, &images, num_repeats);
    printf("%zu images on two cores: at least %.1f ms\n", images.num_files,
           (read_time + decode_time + deflate_time) / 2 * (double)images.num_files / 1e3);
    return 0;
}
