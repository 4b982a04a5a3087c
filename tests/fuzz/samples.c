#include "tests/fuzz/samples.h"

#include <math.h>
#include <png.h>
#include <string.h>

#include "formats/checkpoint/checkpoint.h"
#include "formats/evaluation.h"
#include "tests/fuzz/fuzz.h"
#include "tests/shard_fixture.h"
#include "tests/support.h"

const char *samples_write_store(const char *folder)
{
    support_write_store(support_path(folder, "store.h5"), (struct image_shape){4, 3, 1}, 2, 6, 3,
                        1);
    return "store.h5";
}

static const struct image_shape shard_image = {4, 3, 1};
static const uint64_t shard_num_rows[NUM_SPLITS] = {9, 3, 0}, shard_borders[4] = {0, 2, 5, 9};

/* The last of three, which has rows of two splits. */
const char *samples_write_shard(const char *folder)
{
    shard_fixture_write(support_path(folder, "shard.h5"), shard_image, shard_num_rows, 3,
                        shard_borders);
    return "shard.h5";
}

const char *samples_write_checkpoint(const char *folder)
{
    float weight[12] = {1, -2, 3.5f}, bias[1] = {0.25f}, momentum[12] = {9, 8, 7};
    char *classes[] = {(char[]){"a"}, (char[]){"b"}};
    struct epoch_record records[] = {{1, 0.5, 0.25, 0.75, 0.1}, {2, 0.4, NAN, NAN, 0.1}};
    struct checkpoint checkpoint = {
        .classes = {2, 2, classes},
        .image = {4, 3, 1},
        .epoch = 2,
        .step = 98,
        .epochs = 5,
        .num_records = 2,
        .records = records,
        .num_parameters = 2,
        .parameters = {{"linear/weight", 2, {1, 12}, weight}, {"linear/bias", 1, {1}, bias}},
        .num_states = 1,
        .states = {{"momentum/linear/weight", 2, {1, 12}, momentum}},
    };
    struct error error = {0};

    memset(checkpoint.store_fingerprint, 'f', 64);
    settings_add_text(&checkpoint.config, "model", "linear");
    settings_add_text(&checkpoint.config, "loss", "mae");
    settings_add_count(&checkpoint.config, "seed", 42);
    settings_add_real(&checkpoint.config, "learning_rate", 0.1);
    FUZZ_DEMAND(
        checkpoint_write(support_path(folder, "epoch-0002.h5"), &checkpoint, false, &error));
    return "epoch-0002.h5";
}

const char *samples_write_network(const char *folder)
{
    static const struct tensor tensors[] = {
        {.name = "conv1/weight", .rank = 4, .shape = {2, 1, 3, 3}},
        {.name = "conv1/bias", .rank = 1, .shape = {2}},
        {.name = "norm1/weight", .rank = 1, .shape = {2}},
        {.name = "norm1/bias", .rank = 1, .shape = {2}},
        {.name = "norm1/running_mean", .rank = 1, .shape = {2}},
        {.name = "norm1/running_var", .rank = 1, .shape = {2}},
        {.name = "output/weight", .rank = 2, .shape = {1, 4}},
        {.name = "output/bias", .rank = 1, .shape = {1}},
    };
    enum { NUM_TENSORS = sizeof(tensors) / sizeof(tensors[0]) };
    float values[18];
    char *classes[] = {(char[]){"a"}, (char[]){"b"}};
    struct checkpoint checkpoint = {
        .classes = {2, 2, classes}, .image = {4, 3, 1}, .epoch = 2, .step = 98, .epochs = 2};
    struct error error = {0};

    for (size_t i = 0; i < 18; i++)
        values[i] = 0.25f * (float)i;
    for (size_t i = 0; i < NUM_TENSORS; i++) {
        struct tensor *average = &checkpoint.states[i];

        checkpoint.parameters[i] = *average = tensors[i];
        snprintf(average->name, sizeof(average->name), "average/%.40s", tensors[i].name);
        checkpoint.parameters[i].data = average->data = values;
    }
    checkpoint.num_parameters = checkpoint.num_states = NUM_TENSORS;
    memset(checkpoint.store_fingerprint, 'f', 64);
    settings_add_text(&checkpoint.config, "model", "network");
    settings_add_text(&checkpoint.config, "layers", "conv:2 norm relu pool");
    settings_add_text(&checkpoint.config, "input", "standard");
    settings_add_real(&checkpoint.config, "input_scale_0", 2.0);
    settings_add_real(&checkpoint.config, "input_offset_0", -1.0);
    settings_add_text(&checkpoint.config, "loss", "cross-entropy");
    settings_add_real(&checkpoint.config, "average", 0.9);
    FUZZ_DEMAND(
        checkpoint_write(support_path(folder, "epoch-0002.h5"), &checkpoint, false, &error));
    return "epoch-0002.h5";
}

const char *samples_write_evaluation(const char *folder)
{
    static char *class_names[] = {"a", "b"},
                *sample_paths[] = {"valid/a/1", "valid/a/2", "valid/b/1"};
    static const struct text_list classes = {2, 2, class_names}, paths = {3, 3, sample_paths};
    static const uint64_t confusion[] = {1, 1, 0, 1}, rows[] = {0, 1, 2};
    static const uint32_t labels[] = {0, 0, 1}, predictions[] = {0, 1, 1};
    static const float scores[] = {0.75f, 0.25f, 0.125f, 0.875f, 0, 1};
    static const double precision[] = {1, 0.5}, intervals[] = {0.25, 1, 0.125, 0.75};
    static const struct evaluation_figure figures[] = {{"accuracy", 2.0 / 3, 0.25, 0.875},
                                                       {"mean_class_accuracy", 0.75, NAN, NAN},
                                                       {"loss", 0.5, NAN, NAN}};
    static const struct evaluation_class_figure class_figures[] = {
        {"precision", "of what was taken for the class", precision, intervals}};
    static const double edges[] = {0, 0.5, 1}, means[] = {NAN, 0.75};
    static const uint64_t totals[] = {0, 3};
    char fingerprint[65] = "";
    struct settings config = {0};
    const struct evaluation evaluation = {
        .model = "linear",
        .split = "valid",
        .store_fingerprint = fingerprint,
        .scores_meaning = "probability",
        .checkpoint_digest = "d",
        .epoch = 2,
        .config = &config,
        .classes = &classes,
        .num_samples = 3,
        .num_correct = 2,
        .num_figures = 3,
        .figures = figures,
        .num_class_figures = 1,
        .class_figures = class_figures,
        .bins = {2, edges, totals, means, means},
        .confusion = confusion,
        .paths = &paths,
        .rows = rows,
        .labels = labels,
        .predictions = predictions,
        .scores = scores,
    };
    struct error error = {0};

    memset(fingerprint, 'f', 64);
    settings_add_text(&config, "model", "linear");
    settings_add_count(&config, "seed", 42);
    settings_add_real(&config, "learning_rate", 0.1);
    FUZZ_DEMAND(
        evaluation_write(support_path(folder, "evaluation.h5"), &evaluation, false, &error));
    return "evaluation.h5";
}

struct growing {
    unsigned char *bytes;
    size_t nbytes;
};

static void append(png_structp png, png_bytep bytes, size_t nbytes)
{
    struct growing *growing = png_get_io_ptr(png);

    growing->bytes = realloc(growing->bytes, growing->nbytes + nbytes);
    FUZZ_DEMAND(growing->bytes);
    memcpy(growing->bytes + growing->nbytes, bytes, nbytes);
    growing->nbytes += nbytes;
}

void *samples_make_png(unsigned index, size_t *nbytes)
{
    static const int color_types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_RGB,
                                      PNG_COLOR_TYPE_PALETTE};
    static const int alpha_types[] = {PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB_ALPHA,
                                      PNG_COLOR_TYPE_PALETTE};
    enum { WIDTH = 9, HEIGHT = 5 };
    const int depth = 1 << index / 6, kind = (int)(index / 2 % 3);
    const bool is_interlaced = index % 2 == 1;
    const bool has_alpha = is_interlaced && depth >= 8;
    const int color_type = has_alpha ? alpha_types[kind] : color_types[kind];
    png_color palette[2] = {{1, 2, 3}, {200, 100, 50}};
    png_byte row[WIDTH * 8], transparency[1] = {128};
    struct growing growing = {0};
    png_structp png;
    png_infop info;

    if ((kind == 1 && depth < 8) || (kind == 2 && depth > 8))
        return NULL;
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    info = png_create_info_struct(png);
    png_set_write_fn(png, &growing, append, NULL);
    png_set_IHDR(png, info, WIDTH, HEIGHT, depth, color_type,
                 is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (kind == 2) {
        png_set_PLTE(png, info, palette, 2);
        png_set_tRNS(png, info, transparency, 1, NULL);
    }
    png_set_gAMA_fixed(png, info, 45455);
    png_write_info(png, info);
    for (int pass = png_set_interlace_handling(png); pass > 0; pass--) {
        for (int y = 0; y < HEIGHT; y++) {
            for (size_t i = 0; i < sizeof(row); i++)
                row[i] = (png_byte)(kind == 2 && depth == 8  ? (i + (size_t)y) % 2
                                    : kind == 2 && depth > 1 ? 0
                                                             : i * 37 + (size_t)y * 11);
            png_write_row(png, row);
        }
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    *nbytes = growing.nbytes;
    return growing.bytes;
}
