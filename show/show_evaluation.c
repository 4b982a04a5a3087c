/* An evaluation: its figures, classes, confusions and calibration. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/machine.h"
#include "common/memory.h"
#include "common/text.h"
#include "formats/evaluation.h"
#include "metrics/figures.h"
#include "show/show.h"
#include "show/show_fields.h"
#include "show/show_runs.h"
#include "view/terminal/terminal_text.h"
#include "view/terminal/text_table.h"

enum {
    MAX_CLASSES_SHOWN = 30,
    NUM_WORST_CLASSES = 20,
    NUM_CONFUSIONS = 10,
    MAX_MATRIX_CLASSES = 40,
    MAX_LABEL_COLUMNS = 14,
    MAX_CELL_COLUMNS = 10,
};

/* ---- headline ---- */

static const char *show_evaluation_format(double value, char text[32])
{
    return isfinite(value) ? text_format(text, 32, "%.4f", value) : "-";
}

static void show_evaluation_summary(const struct show *show,
                                    const struct evaluation_contents *contents)
{
    const struct terminal *terminal = &show->terminal;
    const struct setting *layers = settings_find(&contents->config, "layers");
    char text[300], counts[3][32];

    terminal_set_bold(terminal, stdout);
    text_print_escaped(stdout, show->options->operands[0]);
    terminal_set_plain(terminal, stdout);
    printf(": quern evaluation%s\n", contents->is_sealed ? "" : ", rewritten by another program");
    show_print_field(stdout, terminal, "model",
                     text_format(text, sizeof(text), "%s%s%.200s", contents->model,
                                 layers ? ": " : "", layers ? layers->text : ""));
    if (contents->checkpoint_digest[0])
        show_print_field(stdout, terminal, "checkpoint",
                         text_format(text, sizeof(text), "epoch %" PRIu64 ", digest %.16s",
                                     contents->epoch, contents->checkpoint_digest));
    show_print_field(stdout, terminal, "samples",
                     text_format(text, sizeof(text), "%s of split %s, %s class%s",
                                 text_group_digits(counts[0], 32, contents->num_samples),
                                 contents->split,
                                 text_group_digits(counts[1], 32, contents->classes.count),
                                 contents->classes.count == 1 ? "" : "es"));
    if (contents->num_unknown > 0)
        show_print_field(stdout, terminal, "left out",
                         text_format(text, sizeof(text),
                                     "%s sample%s of classes that the model does not know",
                                     text_group_digits(counts[2], 32, contents->num_unknown),
                                     contents->num_unknown == 1 ? "" : "s"));
    show_print_field(
        stdout, terminal, "store",
        text_format(text, sizeof(text), "fingerprint %.16s", contents->store_fingerprint));
    show_print_field(stdout, terminal, "scores", contents->scores_meaning);
}

static bool show_evaluation_figures(const struct show *show, const struct figures *figures,
                                    struct error *error)
{
    static const struct text_table_column columns[] = {{"figure", TEXT_TABLE_LEFT},
                                                       {"value", TEXT_TABLE_RIGHT},
                                                       {"95 % interval", TEXT_TABLE_RIGHT}};
    struct text_table table = {.columns = columns, .num_columns = 3};
    bool ok = true;

    for (size_t i = 0; i < NUM_FIGURES && ok; i++) {
        char value[32], interval[48];
        const char *const cells[] = {i == FIGURE_TOP_K_ACCURACY
                                         ? TEXT("top-%zu accuracy", figures->top_k)
                                         : figure_titles[i],
                                     show_evaluation_format(figures->values[i], value),
                                     show_format_interval(&figures->intervals[i], interval)};

        if (!isnan(figures->values[i]))
            ok = text_table_add(&table, cells, error);
    }
    for (size_t i = 0; i < NUM_CLASS_FIGURES && ok; i++) {
        char value[32];
        const char *const cells[] = {TEXT("mean %s", class_figure_titles[i]),
                                     show_evaluation_format(figures->macro[i], value), ""};

        if (i != CLASS_RECALL && !isnan(figures->macro[i])) /* that is the balanced accuracy */
            ok = text_table_add(&table, cells, error);
    }
    putchar('\n');
    if (ok)
        ok = text_table_print(stdout, &show->terminal, &table, error);
    text_table_free(&table);
    return ok;
}

/* ---- classes ---- */

/* A class and what it is sorted by. */
struct ranked_class {
    uint32_t label;
    double recall;
};

static int show_evaluation_compare_classes(const void *first, const void *second)
{
    const struct ranked_class *a = first, *b = second;

    if (a->recall != b->recall)
        return a->recall < b->recall ? -1 : 1;
    return a->label < b->label ? -1 : 1;
}

/* The classes to show, [*count]: all in their order, or of many those with the lowest recall. */
static struct ranked_class *show_evaluation_choose_classes(const struct figures *figures,
                                                           size_t *count, struct error *error)
{
    struct ranked_class *classes = NULL;
    size_t num_classes = figures->num_classes;

    if (!memory_allocate(&classes, num_classes, sizeof(*classes), error))
        return NULL;
    *count = 0;
    for (size_t c = 0; c < num_classes; c++)
        if (num_classes <= MAX_CLASSES_SHOWN || figures->classes[c].num_samples > 0)
            classes[(*count)++] =
                (struct ranked_class){(uint32_t)c, figures->classes[c].values[CLASS_RECALL]};
    if (num_classes > MAX_CLASSES_SHOWN) {
        qsort(classes, *count, sizeof(*classes), show_evaluation_compare_classes);
        *count = *count < NUM_WORST_CLASSES ? *count : NUM_WORST_CLASSES;
    }
    return classes;
}

static bool show_evaluation_add_class(struct text_table *table, const char *name,
                                      const struct class_figures *class, struct error *error)
{
    char samples[32], texts[NUM_CLASS_FIGURES][32], interval[48];
    const char *cells[] = {
        name,
        text_group_digits(samples, sizeof(samples), class->num_samples),
        show_evaluation_format(class->values[CLASS_RECALL], texts[0]),
        show_format_interval(&class->intervals[CLASS_RECALL], interval),
        show_evaluation_format(class->values[CLASS_PRECISION], texts[1]),
        show_evaluation_format(class->values[CLASS_F1], texts[2]),
        show_evaluation_format(class->values[CLASS_ROC_AREA], texts[3]),
    };

    return text_table_add(table, cells, error);
}

static bool show_evaluation_classes(const struct show *show,
                                    const struct evaluation_contents *contents,
                                    const struct figures *figures, struct error *error)
{
    static const struct text_table_column columns[] = {
        {"class", TEXT_TABLE_LEFT},      {"samples", TEXT_TABLE_RIGHT},
        {"recall", TEXT_TABLE_RIGHT},    {"95 % interval", TEXT_TABLE_RIGHT},
        {"precision", TEXT_TABLE_RIGHT}, {"F1", TEXT_TABLE_RIGHT},
        {"ROC area", TEXT_TABLE_RIGHT},
    };
    struct text_table table = {.columns = columns, .num_columns = 7};
    size_t count = 0;
    struct ranked_class *classes = show_evaluation_choose_classes(figures, &count, error);
    bool ok = classes != NULL;

    for (size_t i = 0; i < count && ok; i++)
        ok = show_evaluation_add_class(&table, contents->classes.items[classes[i].label],
                                       &figures->classes[classes[i].label], error);
    if (ok) {
        show_print_heading(stdout, &show->terminal,
                           figures->num_classes > MAX_CLASSES_SHOWN
                               ? TEXT("classes: the %zu with the lowest recall of %zu", count,
                                      figures->num_classes)
                               : "classes");
        ok = text_table_print(stdout, &show->terminal, &table, error);
    }
    free(classes);
    text_table_free(&table);
    return ok;
}

/* ---- confusions ---- */

/* How a matrix is printed: counts, or percent of the row where counts do not fit. */
struct matrix_plan {
    size_t label_columns, cell_columns;
    size_t gap_columns; /* between cells */
    bool is_percent;
};

static size_t show_evaluation_widest_label(const struct text_list *classes)
{
    size_t widest = 1;

    for (size_t c = 0; c < classes->count; c++) {
        size_t width = text_width(classes->items[c]);

        widest = width > widest ? width : widest;
    }
    return widest < MAX_LABEL_COLUMNS ? widest : MAX_LABEL_COLUMNS;
}

/* False where a matrix of these classes does not fit into the terminal. */
static bool show_evaluation_plan_matrix(const struct terminal *terminal,
                                        const struct text_list *classes,
                                        const struct confusion *confusion, struct matrix_plan *plan)
{
    size_t num_classes = classes->count, widest = show_evaluation_widest_label(classes), room;
    uint64_t largest = 0;
    char digits[32];

    *plan = (struct matrix_plan){.label_columns = widest, .gap_columns = 1};
    /* Percents need no gap: a row with 100 has no other number. */
    if (num_classes > MAX_MATRIX_CLASSES || terminal->columns < widest + 3 * num_classes)
        return false;
    for (size_t i = 0; i < confusion->num_cells; i++)
        if (confusion->cells[i].num_samples > largest)
            largest = confusion->cells[i].num_samples;
    text_format(digits, sizeof(digits), "%" PRIu64, largest);
    room = (terminal->columns - widest) / num_classes - 1;
    if (strlen(digits) > room) {
        plan->is_percent = true;
        plan->gap_columns = 0;
        plan->cell_columns = 3;
        return true;
    }
    plan->cell_columns = strlen(digits);
    /* Names above the columns want more, where there is room. */
    widest = widest < MAX_CELL_COLUMNS ? widest : MAX_CELL_COLUMNS;
    if (plan->cell_columns < widest)
        plan->cell_columns = widest < room ? widest : room;
    return true;
}

static void show_evaluation_print_cell(const struct terminal *terminal,
                                       const struct matrix_plan *plan, uint64_t count,
                                       uint64_t total)
{
    double share = total > 0 ? (double)count / (double)total : 0;
    /* The root, so that a confusion of one in a hundred is seen. */
    struct colour ground = colour_of(COLOUR_MAP_GREYS, sqrt(share));
    char text[32];

    if (count == 0)
        text_format(text, sizeof(text), ".");
    else if (plan->is_percent)
        text_format(text, sizeof(text), share < 0.005 ? "<1" : "%.0f", 100 * share);
    else
        text_format(text, sizeof(text), "%" PRIu64, count);
    printf("%*s", (int)plan->gap_columns, "");
    if (terminal->colours != TERMINAL_COLOURS_NONE && count > 0) {
        terminal_set_ground(terminal, stdout, ground);
        terminal_set_ink(terminal, stdout, colour_ink_on(ground));
    }
    terminal_text_print(stdout, text, plan->cell_columns, true);
    if (terminal->colours != TERMINAL_COLOURS_NONE && count > 0)
        terminal_set_plain(terminal, stdout);
}

static void show_evaluation_print_name(const struct terminal *terminal, const char *name,
                                       size_t columns, bool is_right)
{
    char text[TERMINAL_TEXT_SIZE(MAX_LABEL_COLUMNS)];

    terminal_text_cut(text, sizeof(text), name, columns, terminal->is_utf8);
    terminal_text_print(stdout, text, columns, is_right);
}

static bool show_evaluation_matrix(const struct terminal *terminal, const struct text_list *classes,
                                   const struct confusion *confusion,
                                   const struct matrix_plan *plan, struct error *error)
{
    uint64_t *row = NULL;
    size_t first_cell = 0;

    if (!memory_allocate(&row, classes->count, sizeof(*row), error))
        return false;
    show_print_heading(stdout, terminal,
                       plan->is_percent ? "confusion matrix (percent of each row)"
                                        : "confusion matrix (rows: true classes)");
    printf("%*s", (int)plan->label_columns, "");
    for (size_t c = 0; c < classes->count; c++) {
        printf("%*s", (int)plan->gap_columns, "");
        show_evaluation_print_name(terminal, classes->items[c], plan->cell_columns, true);
    }
    putchar('\n');
    for (size_t label = 0; label < classes->count; label++) {
        uint64_t total = 0;

        first_cell = confusion_fill_row(confusion, (uint32_t)label, first_cell, row);
        for (size_t c = 0; c < classes->count; c++)
            total += row[c];
        show_evaluation_print_name(terminal, classes->items[label], plan->label_columns, false);
        for (size_t c = 0; c < classes->count; c++)
            show_evaluation_print_cell(terminal, plan, row[c], total);
        putchar('\n');
    }
    free(row);
    return true;
}

static bool show_evaluation_frequent(const struct terminal *terminal,
                                     const struct text_list *classes,
                                     const struct confusion *confusion, struct error *error)
{
    static const struct text_table_column columns[] = {
        {"class", TEXT_TABLE_LEFT}, {"taken for", TEXT_TABLE_LEFT}, {"samples", TEXT_TABLE_RIGHT}};
    struct text_table table = {.columns = columns, .num_columns = 3};
    struct confusion_cell entries[NUM_CONFUSIONS];
    size_t count = confusion_find_frequent(confusion, entries, NUM_CONFUSIONS);
    bool ok = true;

    show_print_heading(stdout, terminal, "most frequent confusions");
    if (count == 0)
        printf("  none\n");
    for (size_t i = 0; i < count && ok; i++) {
        char samples[32];
        const char *const cells[] = {
            classes->items[entries[i].label], classes->items[entries[i].prediction],
            text_group_digits(samples, sizeof(samples), entries[i].num_samples)};

        ok = text_table_add(&table, cells, error);
    }
    if (ok && count > 0)
        ok = text_table_print(stdout, terminal, &table, error);
    text_table_free(&table);
    return ok;
}

static bool show_evaluation_confusions(const struct show *show,
                                       const struct evaluation_contents *contents,
                                       struct error *error)
{
    const struct text_list *classes = &contents->classes;
    struct confusion confusion = {0};
    struct matrix_plan plan;
    bool ok = confusion_count(classes->count, contents->labels, contents->predictions,
                              contents->num_samples, &confusion, error);

    if (ok && show_evaluation_plan_matrix(&show->terminal, classes, &confusion, &plan))
        ok = show_evaluation_matrix(&show->terminal, classes, &confusion, &plan, error);
    else if (ok)
        ok = show_evaluation_frequent(&show->terminal, classes, &confusion, error);
    confusion_destroy(&confusion);
    return ok;
}

/* ---- calibration ---- */

static bool show_evaluation_calibration(const struct show *show,
                                        const struct calibration *calibration, struct error *error)
{
    static const struct text_table_column columns[] = {
        {"confidence from", TEXT_TABLE_RIGHT}, {"to", TEXT_TABLE_RIGHT},
        {"samples", TEXT_TABLE_RIGHT},         {"mean", TEXT_TABLE_RIGHT},
        {"accuracy", TEXT_TABLE_RIGHT},        {"off by", TEXT_TABLE_RIGHT},
    };
    struct text_table table = {.columns = columns, .num_columns = 6};
    bool ok = true;

    for (int i = 0; i < CALIBRATION_NUM_BINS && ok; i++) {
        const struct calibration_bin *bin = &calibration->bins[i];
        double accuracy = calibration_accuracy(bin), confidence = calibration_confidence(bin);
        char texts[6][32];
        const char *const cells[] = {
            text_format(texts[0], 32, "%.3f", (double)i / CALIBRATION_NUM_BINS),
            text_format(texts[1], 32, "%.3f", (double)(i + 1) / CALIBRATION_NUM_BINS),
            text_group_digits(texts[2], 32, bin->num_samples),
            show_evaluation_format(confidence, texts[3]),
            show_evaluation_format(accuracy, texts[4]),
            text_format(texts[5], 32, "%+.4f", accuracy - confidence)};

        if (bin->num_samples > 0)
            ok = text_table_add(&table, cells, error);
    }
    if (ok) {
        show_print_heading(stdout, &show->terminal, "calibration by confidence");
        ok = text_table_print(stdout, &show->terminal, &table, error);
    }
    text_table_free(&table);
    return ok;
}

bool show_evaluation(const struct show *show, struct error *error)
{
    const struct evaluation_request request = {.with_scores = true,
                                               .memory_limit = machine_memory_nbytes() / 4 * 3};
    struct evaluation_contents contents = {0};
    struct figures figures = {0};
    bool ok = evaluation_read(show->options->operands[0], &request, &contents, error);
    const struct figures_samples samples = {
        .num_classes = contents.classes.count,
        .num_samples = contents.num_samples,
        .labels = contents.labels,
        .predictions = contents.predictions,
        .scores = contents.scores,
        .are_probabilities = contents.are_probabilities,
        .loss = contents.loss,
        .num_threads = show->options->num_threads,
    };

    ok = ok && figures_compute(&samples, &figures, error);
    if (ok) {
        show_evaluation_summary(show, &contents);
        ok = show_evaluation_figures(show, &figures, error) &&
             show_evaluation_classes(show, &contents, &figures, error) &&
             show_evaluation_confusions(show, &contents, error) &&
             (!figures.has_calibration ||
              show_evaluation_calibration(show, &figures.calibration, error));
    }
    figures_destroy(&figures);
    evaluation_free(&contents);
    return ok;
}
