#include "ingest/shard.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "ingest/digest.h"

/* The first file of a shard in a split: chunks before it are index - 1 parts of count. */
static uint64_t find_first(uint64_t num_files, uint64_t granule, uint64_t index, uint64_t count)
{
    uint64_t num_chunks = (num_files + granule - 1) / granule;
    uint64_t first = num_chunks * (index - 1) / count * granule;

    return first < num_files ? first : num_files;
}

static bool count_class_files(const struct tree *whole, struct store_shard *place,
                              struct error *error)
{
    size_t num_classes = whole->classes.count;

    if (!memory_allocate(&place->class_files, NUM_SPLITS * num_classes, sizeof(uint64_t), error))
        return false;
    for (size_t label = 0; label < num_classes; label++) {
        const struct tree_class *class = tree_find_class(whole, whole->classes.items[label]);

        for (int s = 0; s < NUM_SPLITS; s++)
            place->class_files[(size_t)s * num_classes + label] = class->num_images[s];
    }
    return true;
}

static bool copy_rows(const struct tree *whole, struct shard *shard, struct error *error)
{
    const struct store_shard *place = &shard->place;
    struct tree *part = &shard->tree;
    size_t num_rows = 0;

    *part = *whole;
    part->paths = NULL;
    part->labels = NULL;
    part->images = NULL;
    for (int s = 0; s < NUM_SPLITS; s++) {
        part->first[s] = num_rows;
        num_rows += place->end[s] - place->first[s];
    }
    part->first[NUM_SPLITS] = num_rows;
    if (!memory_allocate(&part->paths, num_rows, sizeof(*part->paths), error) ||
        !memory_allocate(&part->labels, num_rows, sizeof(*part->labels), error) ||
        !memory_allocate(&part->images, num_rows, sizeof(*part->images), error))
        return false;
    for (int s = 0; s < NUM_SPLITS; s++) {
        size_t from = whole->first[s] + place->first[s], count = place->end[s] - place->first[s];

        memcpy(part->paths + part->first[s], whole->paths + from, count * sizeof(*part->paths));
        memcpy(part->images + part->first[s], whole->images + from, count * sizeof(*part->images));
        memcpy(part->labels + part->first[s], whole->labels + from, count * sizeof(*part->labels));
    }
    return true;
}

bool shard_cut(const struct tree *whole, uint64_t index, uint64_t count,
               const struct image_shape *image, struct shard *shard, struct error *error)
{
    uint64_t granule = store_shard_granule(image);
    struct store_shard *place = &shard->place;
    bool ok;

    *shard = (struct shard){.place = {.index = index, .count = count}};
    for (int s = 0; s < NUM_SPLITS; s++) {
        place->num_files[s] = whole->first[s + 1] - whole->first[s];
        place->first[s] = find_first(place->num_files[s], granule, index, count);
        place->end[s] = index < count ? find_first(place->num_files[s], granule, index + 1, count)
                                      : place->num_files[s];
    }
    for (size_t i = 0; i < tree_num_rows(whole); i++) {
        size_t nbytes = strlen(whole->paths[i]);

        if (nbytes > place->max_path_nbytes)
            place->max_path_nbytes = nbytes;
    }
    digest_paths(whole, place->list_digest);
    ok = count_class_files(whole, place, error);
    if (ok)
        ok = copy_rows(whole, shard, error);
    if (!ok)
        shard_free(shard);
    return ok;
}

void shard_free(struct shard *shard)
{
    free(shard->place.class_files);
    free(shard->tree.paths);
    free(shard->tree.labels);
    free(shard->tree.images);
    *shard = (struct shard){0};
}

void shard_print(const struct shard *shard, FILE *stream)
{
    const struct store_shard *place = &shard->place;
    const char *before = ": ";
    char part[32], whole[32];

    fprintf(stream, "shard %" PRIu64 " of %" PRIu64, place->index, place->count);
    for (int s = 0; s < NUM_SPLITS; s++) {
        if (place->num_files[s] == 0)
            continue;
        fprintf(stream, "%s%s %s of %s", before, split_names[s],
                text_group_digits(part, sizeof(part), place->end[s] - place->first[s]),
                text_group_digits(whole, sizeof(whole), place->num_files[s]));
        before = ", ";
    }
    fputc('\n', stream);
}
