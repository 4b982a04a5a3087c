#include <string.h>

#include "common/checksum.h"
#include "formats/store/store_internal.h"

const char *const split_names[NUM_SPLITS + 1] = {"train", "valid", "test", NULL};

size_t store_image_rank(const struct image_shape *image)
{
    return image->channels == 1 ? 3 : 4;
}

void store_compute_fingerprint(const struct store_contents *contents, char fingerprint[65])
{
    struct sha256 hash;

    sha256_begin(&hash);
    sha256_add(&hash, "quern fingerprint 1\n", 20);
    sha256_add_u64(&hash, contents->image.height);
    sha256_add_u64(&hash, contents->image.width);
    sha256_add_u64(&hash, contents->image.channels);
    sha256_add_u64(&hash, contents->classes->count);
    for (size_t i = 0; i < contents->classes->count; i++) {
        size_t nbytes = strlen(contents->classes->items[i]);

        sha256_add_u64(&hash, nbytes);
        sha256_add(&hash, contents->classes->items[i], nbytes);
    }
    for (int split = 0; split < NUM_SPLITS; split++) {
        sha256_add_u64(&hash, contents->num_rows[split]);
        for (uint64_t i = 0; i < contents->num_rows[split]; i++)
            sha256_add_u32(&hash, contents->labels[split][i]);
        for (uint64_t i = 0; i < contents->num_rows[split]; i++)
            sha256_add_u32(&hash, contents->pixel_crc32[split][i]);
    }
    sha256_finish(&hash, fingerprint);
}
