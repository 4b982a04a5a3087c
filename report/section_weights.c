#include <inttypes.h>

#include "common/text.h"
#include "model/network.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/markup.h"
#include "view/weights.h"

enum {
    MAX_PICTURES = 64,
    WEIGHTS_NBYTES = 250000,
    WEIGHTS_SIDE = 112, /* pixels on the page, about, of what has the size of an image; */
    ONE_SIDE = 224,     /* of a single picture */
    FILTER_SIDE = 56,   /* of the few weights of a convolution */
    MAX_NAME = 40,
    /* In a row of a wide page; report/style.c has classes for them. */
    MIN_COLUMNS = 5,
    MAX_COLUMNS = 8,
};

/* ---- pictures ---- */

/* The pictures are the view's, which gives them up. */
static bool weights_take_pictures(struct weights_view *view, struct section_pictures *pictures,
                                  struct error *error)
{
    if (!section_pictures_create(pictures, view->count, error))
        return false;
    for (size_t i = 0; i < view->count; i++) {
        pictures->rasters[i] = view->pictures[i];
        view->pictures[i] = (struct raster){0};
    }
    return true;
}

/* What a picture stands for: a class, a unit, a filter. */
static const char *weights_name(const struct section *section, const struct weights_view *view,
                                size_t index, char *buffer, size_t size)
{
    const struct text_list *classes = &section->run->file->checkpoint.classes;

    if (view->kind == WEIGHTS_FILTERS || view->kind == WEIGHTS_UNITS)
        return text_format(buffer, size, "%s %zu",
                           view->kind == WEIGHTS_FILTERS ? "filter" : "unit", index + 1);
    if (view->total == 1)
        return text_format(buffer, size, "%s against %s", SECTION_NAME(classes->items[1]),
                           SECTION_NAME(classes->items[0]));
    return text_format(buffer, size, "%s", SECTION_NAME(classes->items[index]));
}

/* Rows of equal length where the number has a divisor that fits the page; 0: it has none. */
static size_t weights_choose_columns(size_t count)
{
    if (count <= MAX_COLUMNS)
        return 0;
    for (size_t columns = MAX_COLUMNS; columns >= MIN_COLUMNS; columns--)
        if (count % columns == 0)
            return columns;
    return 0;
}

static bool weights_write_pictures(const struct section *section, struct weights_view *view)
{
    size_t side = view->kind == WEIGHTS_FILTERS ? FILTER_SIDE
                  : view->count == 1            ? ONE_SIDE
                                                : WEIGHTS_SIDE;
    struct section_pictures pictures = {0};
    bool ok = weights_take_pictures(view, &pictures, section->error) &&
              section_pictures_encode(&pictures, side, WEIGHTS_NBYTES, section->error);
    /* Names of classes may need more than a picture's width. */
    size_t columns = view->kind == WEIGHTS_OUTPUTS ? 0 : weights_choose_columns(view->count);
    char name[256];

    if (ok) {
        fprintf(section->stream, "<ul class=\"tiles%s\">\n",
                columns > 0 ? TEXT(" by%zu", columns) : "");
        for (size_t i = 0; i < pictures.count; i++) {
            weights_name(section, view, i, name, sizeof(name));
            fputs("<li><figure>", section->stream);
            section_picture_write(section->stream, &pictures, i, TEXT("Weights of %s", name));
            fputs("<figcaption>", section->stream);
            markup_text_cut(section->stream, name, MAX_NAME);
            fputs("</figcaption></figure></li>\n", section->stream);
        }
        fputs("</ul>\n", section->stream);
    }
    section_pictures_destroy(&pictures);
    return ok;
}

static void weights_write_legend(FILE *stream, const struct weights_view *view)
{
    static const char *const what[] = {
        [WEIGHTS_OUTPUTS] = "The weight of each pixel",
        [WEIGHTS_UNITS] = "The weight of each pixel in the first layer",
        [WEIGHTS_FILTERS] = "The filters of the first layer",
    };

    fprintf(stream, "<p>%s", what[view->kind]);
    if (view->count < view->total)
        fprintf(stream, ", %zu of %zu", view->count, view->total);
    if (view->is_rgb)
        fprintf(stream,
                ": those of red, green and blue as a color, in which medium gray is 0 and "
                "black and white are ±%.3g.</p>\n",
                (double)view->scale);
    else
        fprintf(stream,
                ": white is 0, orange is positive, up to %.3g, and blue negative, down to "
                "−%.3g.</p>\n",
                (double)view->scale, (double)view->scale);
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
    struct weights_view view = {.kind = WEIGHTS_NONE};
    FILE *stream = section->stream;
    bool ok = true;

    /* Of the nearest mean the parameters are the class means of train, which stand elsewhere. */
    if (model->spec.kind == MODEL_NEAREST_MEAN)
        return true;
    ok = weights_draw(&section->run->file->checkpoint, MAX_PICTURES, false, &view, section->error);
    if (ok && (view.kind != WEIGHTS_NONE || model->network)) {
        page_begin_section(stream, "weights", "What it learned");
        if (model->network)
            weights_write_layers(section);
        if (view.kind != WEIGHTS_NONE) {
            weights_write_legend(stream, &view);
            ok = weights_write_pictures(section, &view);
        }
        page_end_section(stream);
    }
    weights_free(&view);
    return ok;
}
