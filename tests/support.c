#include "tests/support.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "common/random.h"
#include "formats/hdf5/hdf5.h"

char *support_make_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = NULL;

    assert_true(asprintf(&folder, "%s/quern-test-XXXXXX", base ? base : "/tmp") > 0);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
    (void)info;
    (void)type;
    (void)position;
    return remove(path);
}

void support_remove_folder(char *folder)
{
    assert_int_equal(nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(folder);
}

int support_set_up_folder(void **state)
{
    *state = support_make_folder();
    return 0;
}

int support_tear_down_folder(void **state)
{
    support_remove_folder(*state);
    assert_int_equal(h5_num_live_handles(), 0);
    return 0;
}

void support_assert_close(const char *what, double found, double expected, double tolerance)
{
    /* Not <: a value that is no number is not close. */
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%s: %.9g is not within %g of %.9g", what, found, tolerance, expected);
}

const char *support_path(const char *folder, const char *name)
{
    static char buffers[8][512];
    static unsigned next;
    char *buffer = buffers[next++ % 8];

    snprintf(buffer, sizeof(buffers[0]), "%s/%s", folder, name);
    return buffer;
}

unsigned char *support_read_file(const char *path, size_t *nbytes)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    unsigned char *bytes;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &info), 0);
    *nbytes = (size_t)info.st_size;
    bytes = malloc(*nbytes + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *nbytes, file), *nbytes);
    fclose(file);
    return bytes;
}

void support_write_file(const char *path, const void *bytes, size_t nbytes)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, nbytes, file), nbytes);
    assert_int_equal(fclose(file), 0);
}

void support_assert_files_equal(const char *a, const char *b)
{
    size_t a_nbytes, b_nbytes;
    unsigned char *a_bytes = support_read_file(a, &a_nbytes);
    unsigned char *b_bytes = support_read_file(b, &b_nbytes);

    assert_int_equal(a_nbytes, b_nbytes);
    assert_memory_equal(a_bytes, b_bytes, a_nbytes);
    free(a_bytes);
    free(b_bytes);
}

void support_store_row(struct image_shape image, size_t num_classes, enum split split, uint64_t i,
                       uint8_t *pixels, uint32_t *label)
{
    struct random_stream stream = random_stream_begin(7 + split, RANDOM_DRAW, i);
    size_t num_values = image_num_values(&image);

    *label = random_below(&stream, (uint32_t)num_classes);
    for (size_t k = 0; k < num_values; k++) {
        uint32_t value = random_below(&stream, 160);

        pixels[k] = (uint8_t)(k % num_classes == *label ? value + 80 : value);
    }
}

void support_write_store(const char *path, struct image_shape image, size_t num_classes,
                         uint64_t num_train, uint64_t num_valid, int num_threads)
{
    const uint64_t num_rows[] = {num_train, num_valid};
    struct text_list classes = {0}, no_rejects = {0};
    struct error error = {0};
    struct store_plan plan = {.image = image,
                              .classes = &classes,
                              .max_rows = {num_train, num_valid},
                              .max_path_nbytes = 32,
                              .compression_level = 1,
                              .num_threads = num_threads};
    struct store_ending ending = {.source = {"test", "none", "0"},
                                  .reject_paths = &no_rejects,
                                  .reject_reasons = &no_rejects};
    struct store_writer *writer;
    float *means = calloc(num_classes * image_num_values(&image), sizeof(float));
    uint8_t *pixels = malloc(image_num_values(&image));

    assert_non_null(means);
    assert_non_null(pixels);
    for (size_t i = 0; i < num_classes; i++)
        assert_ok(text_list_add(&classes, (char[]){(char)('a' + i), '\0'}, &error), &error);
    assert_ok(store_create(path, &plan, &writer, &error), &error);
    for (int split = 0; split < 2; split++) {
        for (uint64_t i = 0; i < num_rows[split]; i++) {
            char name[40];
            struct store_row row = {.path = name, .file_crc32 = (uint32_t)i};

            support_store_row(image, num_classes, split, i, pixels, &row.label);
            row.pixel_crc32 = crc32_of(pixels, image_num_values(&image));
            snprintf(name, sizeof(name), "%s/%06u.png", split_names[split], (unsigned)i);
            assert_ok(store_append(writer, split, 1, &row, pixels, &error), &error);
        }
        ending.class_means[split] = num_rows[split] ? means : NULL;
    }
    assert_ok(store_finish(writer, &ending, &error), &error);
    text_list_free(&classes);
    free(means);
    free(pixels);
}

static size_t support_mapped_nbytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t num_pages = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu", &num_pages), 1);
    fclose(file);
    return num_pages * (size_t)sysconf(_SC_PAGESIZE);
}

void support_limit_memory(size_t nbytes)
{
    const size_t sanitizer_nbytes = (size_t)1 << 36;
    size_t mapped_nbytes = support_mapped_nbytes();
    struct rlimit limit;

    if (mapped_nbytes >= sanitizer_nbytes)
        return;
    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = nbytes > 0 ? mapped_nbytes + nbytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}
