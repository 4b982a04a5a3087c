/*
 * bench/augment: microseconds an image of each augmentation, on one thread.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/measure.h"
#include "common/options.h"
#include "common/random.h"
#include "model/augment.h"

struct images {
    struct augment augment;
    struct image_shape shape;
    uint8_t *in, *out;
    void *scratch;
    uint64_t sample;
};

static void augment_one(void *context)
{
    struct images *x = context;

    augment_apply(&x->augment, 1, 1, x->sample++, &x->shape, x->in, x->out, x->scratch);
}

/* Images of noise: the time depends on what is drawn, not on pixels. */
static bool bench_augment(const char *text, const struct image_shape *shape, size_t num_repeats,
                          struct error *error)
{
    struct images x = {.shape = *shape};
    struct random_stream stream = random_stream_begin(1, RANDOM_DRAW, 0);
    const size_t num_values = image_num_values(shape);
    struct timing timing;

    if (!augment_parse(text, &x.augment, error) || !augment_check(&x.augment, shape, error))
        return false;
    x.in = malloc(num_values);
    x.out = malloc(num_values);
    x.scratch = malloc(augment_scratch_nbytes(&x.augment, shape));
    if (x.in && x.out && x.scratch) {
        for (size_t i = 0; i < num_values; i++)
            x.in[i] = (uint8_t)random_next(&stream);
        measure(&(struct work){augment_one, &x}, 1, num_repeats, &timing);
        printf("augment/%zux%zux%zu/%s %.2f us best %.2f\n", shape->height, shape->width,
               shape->channels, text, timing.median * 1e6, timing.best * 1e6);
    } else {
        error_set_memory(error, num_values);
    }
    free(x.in);
    free(x.out);
    free(x.scratch);
    return error_ok(error);
}

int main(int argc, char **argv)
{
    static const char *const TEXTS[] = {
        "digits",
        "photos",
        "rotate:12",
        "rotate:12 fill:reflect",
        "shift:2.5",
        "elastic:1.5:7",
        "flip",
        "crop:4",
        "brightness:0.2 contrast:0.2",
        "erase:1",
        "digits elastic:1.5:7 flip brightness:0.2 contrast:0.2 erase:0.5",
    };
    static const struct image_shape SHAPES[] = {{28, 28, 1}, {32, 32, 3}, {96, 96, 3}};
    uint64_t num_repeats = 31;
    const struct option_spec specs[] = {
        {OPTION_COUNT, "repeats", "N", .help = "repeats of each measurement", .value = &num_repeats,
         .minimum = 1, .maximum = MEASURE_MAX_REPEATS},
    };
    const struct program program = {
        .name = "augment",
        .usage = "[OPTION...] [TEXT...]",
        .summary =
            "Measures augmentations, as quern-train's --augment has them (default: several).",
        .options = specs,
        .num_options = sizeof(specs) / sizeof(specs[0])};
    struct error error = {0};
    bool done = false;
    int first;

    if (options_parse(&program, argc, argv, &first, &done, &error) && !done) {
        const size_t num_texts =
            first < argc ? (size_t)(argc - first) : sizeof(TEXTS) / sizeof(TEXTS[0]);

        for (size_t s = 0; s < sizeof(SHAPES) / sizeof(SHAPES[0]); s++)
            for (size_t t = 0; t < num_texts && error_ok(&error); t++)
                bench_augment(first < argc ? argv[first + (int)t] : TEXTS[t], &SHAPES[s],
                              num_repeats, &error);
    }
    return options_exit_status(program.name, &error);
}
