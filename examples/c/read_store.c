/*
 * Prints what a store holds, and the mean gray value of each class of its training images.  C++
 * compiles it, too.
 */
#include <quern/store.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Names come from whoever made the images, with any bytes but NUL.  What could drive a terminal is
 * printed as \xNN: ASCII's control bytes, and U+0080 to U+009F, which begin with the byte 0xc2.
 */
static void print_name(const char *name, int width)
{
    unsigned char byte, before = 0;

    for (; (byte = (unsigned char)*name) != '\0'; name++, width--) {
        bool is_second = before == 0xc2 && byte >= 0x80 && byte < 0xa0;
        bool is_first = byte == 0xc2 && (unsigned char)name[1] < 0xa0;

        if (byte < 0x20 || byte == 0x7f || is_first || is_second)
            width -= printf("\\x%02x", byte) - 1;
        else
            putchar(byte);
        before = byte;
    }
    printf("%*s", width > 0 ? width : 0, "");
}

int main(int argc, char **argv)
{
    struct quern_error error = {QUERN_OK, ""};
    struct quern_store *store;

    if (argc != 2) {
        fprintf(stderr, "Usage: read_store STORE.h5\n");
        return QUERN_USAGE;
    }
    if (!quern_store_open(argv[1], &store, &error)) {
        fprintf(stderr, "read_store: %s\n", error.message);
        return error.status;
    }

    size_t num_classes = quern_store_num_classes(store);
    size_t image_nbytes = quern_store_image_nbytes(store);
    uint64_t num_samples = quern_store_num_samples(store, QUERN_TRAIN);
    const uint32_t *labels = quern_store_labels(store, QUERN_TRAIN);
    double *sums = (double *)calloc(num_classes, sizeof(*sums));
    uint64_t *counts = (uint64_t *)calloc(num_classes, sizeof(*counts));
    uint8_t *pixels = (uint8_t *)malloc(image_nbytes);

    printf("%zu classes, %zu x %zu x %zu\n", num_classes, quern_store_height(store),
           quern_store_width(store), quern_store_channels(store));
    for (uint64_t i = 0; labels && i < num_samples; i++) {
        if (!quern_store_read_images(store, QUERN_TRAIN, i, 1, 1, pixels, &error))
            break;
        for (size_t j = 0; j < image_nbytes; j++)
            sums[labels[i]] += pixels[j];
        counts[labels[i]]++;
    }
    for (size_t label = 0; label < num_classes; label++) {
        print_name(quern_store_class(store, label), 12);
        printf(" %6llu images, mean %.2f\n", (unsigned long long)counts[label],
               counts[label] ? sums[label] / (double)(counts[label] * image_nbytes) : 0.0);
    }
    if (error.status)
        fprintf(stderr, "read_store: %s\n", error.message);
    free(pixels);
    free(counts);
    free(sums);
    quern_store_close(store);
    return error.status;
}
