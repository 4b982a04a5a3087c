#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "model/network.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/markup.h"

enum {
    MAX_PICTURES = 64,
    WEIGHTS_NBYTES = 250000,
    WEIGHTS_SIDE = 112, /* pixels on the page, about, of what has the size of an image; */
    ONE_SIDE = 224,     /* of a single picture */
    FILTER_SIDE = 56,   /* of the few weights of a convolution */
    MAX_NAME = 40,
};

/* Weights of one output or filter as an image: in which order they lie. */
struct weights_view {
    const struct tensor *tensor; /* [count][...] */
    size_t count, height, width, channels;
    bool is_planar; /* channel by channel; else channels are interleaved, as in pixels */
    const char *what; /* "weights", "filter" */
};

/* ---- which tensor, and what it looks at ---- */

static const struct tensor *weights_find_first(const struct model *model)
{
    for (size_t i = 0; i < model->num_tensors; i++)
        if (strstr(model->tensors[i].name, "/weight"))
            return &model->tensors[i];
    return NULL;
}

/* False: the first weights cannot be seen as images. */
static bool weights_find_view(const struct model *model, struct weights_view *view)
{
    const struct image_shape *image = &model->spec.image;
    const struct tensor *tensor = weights_find_first(model);

    if (!tensor)
        return false;
    *view = (struct weights_view){.tensor = tensor, .count = tensor->shape[0],
                                  .height = image->height, .width = image->width,
                                  .channels = image->channels, .what = "weights"};
    if (tensor->rank == 4) {
        view->height = tensor->shape[2];
        view->width = tensor->shape[3];
        view->is_planar = true;
        view->what = "filter";
        return tensor->shape[1] == image->channels;
    }
    view->is_planar = model->spec.kind == MODEL_NETWORK;
    return tensor->rank == 2 && tensor->shape[1] == image_num_values(image);
}

/* ---- pictures ---- */

static float weights_get(const struct weights_view *view, size_t index, size_t y, size_t x,
                         size_t channel)
{
    size_t num_pixels = view->height * view->width, pixel = y * view->width + x;
    const float *values = view->tensor->data + index * num_pixels * view->channels;

    return view->is_planar ? values[channel * num_pixels + pixel]
                           : values[pixel * view->channels + channel];
}

/* The largest weight of an output, whatever its sign, but never 0. */
static float weights_find_largest(const struct weights_view *view, size_t index)
{
    size_t num_values = view->height * view->width * view->channels;
    const float *values = view->tensor->data + index * num_values;
    float largest = 0;

    for (size_t i = 0; i < num_values; i++)
        largest = fabsf(values[i]) > largest ? fabsf(values[i]) : largest;
    return largest > 0 ? largest : 1;
}

/* Of gray images a color for each weight; of color images the weights of red, green and blue as
 * such, with 0 as the middle. */
static bool weights_draw(const struct weights_view *view, size_t index, float largest,
                         struct raster *raster, struct error *error)
{
    const struct image_shape shape = {view->height, view->width, 3};
    uint8_t *pixels = NULL;
    bool ok;

    if (view->channels == 1)
        return raster_from_values(raster,
                                  view->tensor->data + index * view->height * view->width,
                                  view->width, view->height, COLOUR_MAP_DIVERGING, -largest,
                                  largest, error);
    if (!memory_allocate(&pixels, image_num_values(&shape), 1, error))
        return false;
    for (size_t y = 0; y < view->height; y++)
        for (size_t x = 0; x < view->width; x++)
            for (size_t c = 0; c < 3; c++)
                pixels[(y * view->width + x) * 3 + c] = (uint8_t)(
                    127.5F + 127.0F * weights_get(view, index, y, x, c) / largest);
    ok = raster_from_image(raster, &shape, pixels, error);
    free(pixels);
    return ok;
}

/* What a picture of weights stands for: a class, a unit, a filter. */
static const char *weights_name(const struct section *section, const struct weights_view *view,
                                size_t index, char *buffer, size_t size)
{
    const struct text_list *classes = &section->run->file->checkpoint.classes;

    if (section->run->file->model.spec.kind != MODEL_LINEAR)
        return text_format(buffer, size, "%s %zu",
                           strcmp(view->what, "filter") == 0 ? "filter" : "unit", index + 1);
    if (view->count == 1)
        return text_format(buffer, size, "%s against %s", SECTION_NAME(classes->items[1]),
                           SECTION_NAME(classes->items[0]));
    return text_format(buffer, size, "%s", SECTION_NAME(classes->items[index]));
}

static bool weights_write_pictures(const struct section *section, const struct weights_view *view)
{
    size_t count = view->count < MAX_PICTURES ? view->count : MAX_PICTURES;
    bool is_filter = view->tensor->rank == 4;
    struct section_pictures pictures = {0};
    bool ok = section_pictures_create(&pictures, count, section->error);
    char name[256];

    for (size_t i = 0; i < count && ok; i++)
        ok = weights_draw(view, i, weights_find_largest(view, i), &pictures.rasters[i],
                          section->error);
    ok = ok && section_pictures_encode(&pictures, is_filter    ? FILTER_SIDE
                                                  : count == 1 ? ONE_SIDE
                                                               : WEIGHTS_SIDE,
                                       WEIGHTS_NBYTES, section->error);
    if (ok) {
        fputs("<ul class=\"tiles\">\n", section->stream);
        for (size_t i = 0; i < count; i++) {
            weights_name(section, view, i, name, sizeof(name));
            fputs("<li><figure>", section->stream);
            section_picture_write(section->stream, &pictures, i,
                                  TEXT("Weights of %s", name));
            fputs("<figcaption>", section->stream);
            markup_text_cut(section->stream, name, MAX_NAME);
            fprintf(section->stream, "<br>±%.3g</figcaption></figure></li>\n",
                    (double)weights_find_largest(view, i));
        }
        fputs("</ul>\n", section->stream);
    }
    section_pictures_destroy(&pictures);
    return ok;
}

/* ---- the table of layers ---- */

static void weights_write_layer(FILE *stream, const struct layer *layer)
{
    uint64_t num_parameters = 0;
    char text[PAGE_TEXT_SIZE];

    for (size_t t = 0; t < layer->num_tensors; t++)
        num_parameters += tensor_num_elements(&layer->tensors[t].tensor);
    fputs("<tr><th scope=\"row\" class=\"mono\">", stream);
    markup_text(stream, layer->text);
    fputs("</th><td class=\"mono\">", stream);
    markup_text(stream, layer->num_tensors > 0 ? layer->name : "");
    fprintf(stream, "</td><td class=\"n\">%zu × %zu × %zu</td>", layer->output.channels,
            layer->output.height, layer->output.width);
    page_cell(stream, num_parameters > 0 ? page_count(text, num_parameters) : "");
    fputs("</tr>\n", stream);
}

static void weights_write_layers(const struct section *section)
{
    const struct network *network = section->run->file->model.network;
    FILE *stream = section->stream;
    char text[PAGE_TEXT_SIZE], adds[PAGE_TEXT_SIZE];

    fprintf(stream,
            "<p>%s parameters; %s multiply-adds for an image.</p>\n<details><summary>The "
            "layers</summary>\n",
            page_count(text, network_count_parameters(network)),
            page_count(adds, network->num_multiply_adds));
    page_begin_table(stream, "", "Layers, from the image to the classes", NULL);
    fputs("<thead><tr><th scope=\"col\">layer</th><th scope=\"col\">name</th><th scope=\"col\" "
          "class=\"n\">output</th><th scope=\"col\" "
          "class=\"n\">parameters</th></tr></thead>\n<tbody>\n",
          stream);
    for (size_t i = 0; i < network->num_layers; i++)
        weights_write_layer(stream, &network->layers[i]);
    fputs("</tbody>\n", stream);
    page_end_table(stream);
    fputs("</details>\n", stream);
}

bool section_write_weights(const struct section *section)
{
    const struct model *model = &section->run->file->model;
    struct weights_view view;
    bool has_view = weights_find_view(model, &view);
    FILE *stream = section->stream;
    bool ok = true;

    /* Of the nearest mean the parameters are the class means of train, which stand elsewhere. */
    if (model->spec.kind == MODEL_NEAREST_MEAN || (!has_view && !model->network))
        return true;
    page_begin_section(stream, "weights", "What it learned");
    if (model->network)
        weights_write_layers(section);
    if (has_view) {
        fputs("<p>", stream);
        if (model->spec.kind == MODEL_LINEAR)
            fputs("The weight of each pixel", stream);
        else
            fprintf(stream, "The %s of the first layer",
                    view.tensor->rank == 4 ? "filters" : "weights");
        if (view.count > MAX_PICTURES)
            fprintf(stream, ", %d of %zu", MAX_PICTURES, view.count);
        fputs(view.channels == 1 ? ": orange is positive, blue negative, white 0; the largest is "
                                   "written below each.</p>\n"
                                 : ": the weights of red, green and blue as a color, in which "
                                   "medium gray is 0; the largest is written below each.</p>\n",
              stream);
        ok = weights_write_pictures(section, &view);
    }
    page_end_section(stream);
    return ok;
}
