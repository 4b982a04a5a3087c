/* Prints what a store holds, and the mean gray value of each class of its training images. */
#include <quern/store.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct quern_error error = {0};
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
    double *sums = calloc(num_classes, sizeof(*sums));
    uint64_t *counts = calloc(num_classes, sizeof(*counts));
    uint8_t *pixels = malloc(image_nbytes);

    printf("%zu classes, %zu x %zu x %zu\n", num_classes, quern_store_height(store),
           quern_store_width(store), quern_store_channels(store));
    for (uint64_t i = 0; labels && i < num_samples; i++) {
        if (!quern_store_read_images(store, QUERN_TRAIN, i, 1, 1, pixels, &error))
            break;
        for (size_t j = 0; j < image_nbytes; j++)
            sums[labels[i]] += pixels[j];
        counts[labels[i]]++;
    }
    for (size_t label = 0; label < num_classes; label++)
        printf("%-12s %6llu images, mean %.2f\n", quern_store_class(store, label),
               (unsigned long long)counts[label],
               counts[label] ? sums[label] / (counts[label] * image_nbytes) : 0.0);
    if (error.status)
        fprintf(stderr, "read_store: %s\n", error.message);
    free(pixels);
    free(counts);
    free(sums);
    quern_store_close(store);
    return error.status;
}
