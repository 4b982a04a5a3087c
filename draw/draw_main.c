#include <stdio.h>

#include "common/options.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "draw/draw_options.h"
#include "draw/draw_tree.h"

static bool draw_print_result(const struct draw_tree *tree, struct error *error)
{
    const char *separator = "(";
    char number[32];

    printf("drew %s images ",
           text_group_digits(number, sizeof(number), draw_tree_count_images(tree)));
    for (size_t split = 0; split < NUM_SPLITS; split++) {
        uint64_t num_images = tree->num_images[split] * tree->num_digits;

        if (num_images == 0)
            continue;
        printf("%s%s %s", separator, split_names[split],
               text_group_digits(number, sizeof(number), num_images));
        separator = ", ";
    }
    printf(") of %zu %s in ", tree->num_digits, tree->num_digits == 1 ? "class" : "classes");
    text_print_escaped(stdout, tree->root);
    putchar('\n');
    if (fflush(stdout) != 0)
        return error_set(error, STATUS_IO, NULL, "cannot write to standard output");
    return true;
}

int main(int argc, char **argv)
{
    struct draw_tree tree;
    struct error error = {0};
    bool done = false;
    bool ok;

    signals_ignore_limits();
    ok = draw_options_parse(argc, argv, &tree, &done, &error);
    if (ok && !done) {
        struct progress progress =
            progress_begin("quern-draw", "draw", "images", draw_tree_count_images(&tree));

        ok = draw_tree_write(&tree, &progress, &error);
        progress_clear(&progress);
        if (ok)
            ok = draw_print_result(&tree, &error);
    }
    return options_exit_status("quern-draw", &error);
}
