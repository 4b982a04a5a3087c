/* --weights: what a model has learnt of pixels, as pictures. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apply/model_file.h"
#include "common/memory.h"
#include "common/text.h"
#include "show/show.h"
#include "show/show_runs.h"
#include "view/sheet.h"
#include "view/weights.h"

enum { DEFAULT_COUNT = 64 };

/* What the pictures are, and what their colours mean. */
static void show_weights_print_title(const struct show *show, const struct checkpoint *checkpoint,
                                     const struct weights_view *view)
{
    static const char *const nouns[] = {
        [WEIGHTS_MEANS] = "class means",
        [WEIGHTS_OUTPUTS] = "weights of the outputs",
        [WEIGHTS_UNITS] = "weights of the units",
        [WEIGHTS_FILTERS] = "filters",
    };
    const struct terminal *terminal = &show->terminal;

    terminal_set_bold(terminal, stdout);
    text_print_escaped(stdout, view->tensor_name);
    terminal_set_plain(terminal, stdout);
    printf(": %s, %zu%s of %zux%zu\n", nouns[view->kind], view->count,
           view->count < view->total ? TEXT(" of %zu", view->total) : "", view->pictures[0].height,
           view->pictures[0].width);
    if (view->kind == WEIGHTS_MEANS)
        return;
    if (view->is_rgb)
        printf("mid-gray is 0, the darkest and brightest a channel can be %.4g and %.4g\n",
               (double)-view->scale, (double)view->scale);
    else if (view->is_gray)
        printf("from %.4g (blank) over 0 to %.4g (@)\n", (double)-view->scale, (double)view->scale);
    else
        printf("white is 0, the deepest blue %.4g, the deepest orange %.4g\n", (double)-view->scale,
               (double)view->scale);
    if (view->kind == WEIGHTS_OUTPUTS && view->total == 1 && checkpoint->classes.count == 2) {
        fputs("positive for ", stdout);
        text_print_escaped(stdout, checkpoint->classes.items[1]);
        fputs(", negative for ", stdout);
        text_print_escaped(stdout, checkpoint->classes.items[0]);
        putchar('\n');
    }
}

static bool show_weights_pictures(const struct show *show, const struct weights_view *view,
                                  struct error *error)
{
    struct sheet_tile *tiles = NULL;
    bool ok = memory_allocate(&tiles, view->count, sizeof(*tiles), error);

    for (size_t i = 0; i < view->count && ok; i++)
        tiles[i] = (struct sheet_tile){view->pictures[i], view->captions.items[i]};
    ok = ok && show_pictures(show, tiles, view->count, error);
    free(tiles);
    return ok;
}

bool show_weights(const struct show *show, struct error *error)
{
    const char *path = show->options->operands[0];
    size_t max_count = show->options->count > 0 ? show->options->count : DEFAULT_COUNT;
    struct model_file file = {0};
    struct weights_view view = {0};
    bool is_gray = show->terminal.graphics == TERMINAL_GRAPHICS_TEXT && !show->options->png;
    bool ok = model_file_read(path, MODEL_SELECT_LAST, &file, error);

    if (ok)
        model_file_print_choice(&file, "quern-show", path);
    ok = ok && weights_draw(&file.checkpoint, max_count, is_gray, &view, error);
    if (ok && view.kind == WEIGHTS_NONE)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = file.path),
                       "no layer of this model reads an image's pixels directly, so that its "
                       "weights are no pictures");
    if (ok) {
        show_weights_print_title(show, &file.checkpoint, &view);
        ok = show_weights_pictures(show, &view, error);
    }
    weights_free(&view);
    model_file_close(&file);
    return ok;
}
