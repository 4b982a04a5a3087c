#include "ingest/summary.h"

#include <sys/stat.h>

#include "common/text.h"
#include "formats/store/store.h"

static const char *format_nbytes(char *buffer, size_t size, uint64_t nbytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double value = (double)nbytes;
    size_t unit = 0;

    while (value >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1000;
        unit++;
    }
    return text_format(buffer, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

bool summary_print(const char *path, bool is_shard, const char *before, const char *after,
                   FILE *stream, struct error *error)
{
    struct store_checks checks = {.skip_seal = true, .is_shard = is_shard};
    struct store *store;
    bool ok = store_open_with(path, &checks, &store, error);
    const struct image_shape *image;
    struct stat stat_of_file = {0};
    char number[32], size[32];
    uint64_t num_images = 0;

    if (!ok)
        return ok;
    image = store_image_shape(store);
    stat(path, &stat_of_file);
    for (int s = 0; s < NUM_SPLITS; s++)
        num_images += store_num_rows(store, (enum split)s);
    fputs(before, stream);
    text_print_escaped(stream, path);
    fprintf(stream, "%s: %s images of %zux%zu %s, %zu classes, %s, fingerprint %.16s", after,
            text_group_digits(number, sizeof(number), num_images), image->height, image->width,
            image->channels == 1 ? "gray" : "RGB", store_classes(store)->count,
            format_nbytes(size, sizeof(size), (uint64_t)stat_of_file.st_size),
            store_fingerprint(store));
    store_close(store);
    return true;
}
