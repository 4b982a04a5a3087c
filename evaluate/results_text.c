#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "common/text_list.h"
#include "evaluate/cells.h"
#include "evaluate/results.h"
#include "view/terminal/terminal.h"
#include "view/terminal/terminal_text.h"
#include "view/terminal/text_table.h"

enum { MATRIX_MAX_CLASSES = 20, MAX_CONFUSIONS = 10, MAX_NAME_COLUMNS = 24 };

struct results_text {
    FILE *stream;
    struct terminal terminal;
    const struct text_list *classes;
    const struct split_evaluation *result;
    bool has_undefined; /* a cell is "-" */
    struct error *error;
};

static const char *results_text_figure(struct results_text *text, char cell[CELL_SIZE],
                                       double figure, int num_decimals)
{
    text->has_undefined |= isnan(figure);
    return cell_of_figure(cell, figure, num_decimals);
}

/* An empty line between the rows before and after it. */
static void results_text_add_gap(struct results_text *text, struct text_table *table)
{
    const char *const nothing[16] = {NULL};

    text_table_add(table, nothing, text->error);
}

static void results_text_print_table(struct results_text *text, struct text_table *table)
{
    if (error_ok(text->error))
        text_table_print(text->stream, &text->terminal, table, text->error);
    text_table_free(table);
}

/* ---- of the checkpoint ---- */

static const char *results_text_describe_distance(enum model_distance distance)
{
    return distance == DISTANCE_L1 ? "L1: mean absolute difference"
                                   : "L2: root mean square difference";
}

static void results_text_model(FILE *stream, const struct model_file *file)
{
    const struct model_spec *spec = &file->model.spec;
    const struct checkpoint *checkpoint = &file->checkpoint;

    fprintf(stream, "checkpoint  ");
    text_print_escaped(stream, file->path);
    fprintf(stream, " (epoch %" PRIu64 "%s)\n", checkpoint->epoch,
            checkpoint->finished ? ", finished" : "");
    fprintf(stream, "model       %s (%s)\n", model_kind_names[spec->kind],
            spec->kind == MODEL_NEAREST_MEAN ? results_text_describe_distance(spec->distance)
                                             : TEXT("%s loss", model_loss_names[spec->loss]));
}

/* ---- of each class ---- */

/* The columns from recall on. */
static void results_text_add_class(struct results_text *text, struct text_table *table,
                                   const char *name, const struct class_figures *class,
                                   const double values[NUM_CLASS_FIGURES])
{
    char cells[8][CELL_SIZE];

    text_table_add(table,
                   (const char *const[]){
                       name,
                       class ? cell_of_count(cells[0], class->num_samples) : NULL,
                       class ? cell_of_count(cells[1], class->num_correct) : NULL,
                       results_text_figure(text, cells[2], values[CLASS_RECALL], 4),
                       class ? cell_of_interval(cells[3], class->intervals[CLASS_RECALL], 4) : NULL,
                       results_text_figure(text, cells[4], values[CLASS_PRECISION], 4),
                       results_text_figure(text, cells[5], values[CLASS_F1], 4),
                       results_text_figure(text, cells[6], values[CLASS_ROC_AREA], 4),
                   },
                   text->error);
}

static void results_text_classes(struct results_text *text)
{
    static const struct text_table_column columns[] = {
        {"class", TEXT_TABLE_LEFT},
        {"samples", TEXT_TABLE_RIGHT},
        {"correct", TEXT_TABLE_RIGHT},
        {"recall", TEXT_TABLE_RIGHT},
        {"95 % interval", TEXT_TABLE_RIGHT},
        {"precision", TEXT_TABLE_RIGHT},
        {"F1", TEXT_TABLE_RIGHT},
        {"ROC area", TEXT_TABLE_RIGHT},
    };
    const struct figures *figures = &text->result->figures;
    struct text_table table = {.columns = columns,
                               .num_columns = sizeof(columns) / sizeof(columns[0])};

    for (size_t c = 0; c < text->classes->count && error_ok(text->error); c++)
        results_text_add_class(text, &table, text->classes->items[c], &figures->classes[c],
                               figures->classes[c].values);
    results_text_add_gap(text, &table);
    results_text_add_class(text, &table, "mean", NULL, figures->macro);
    results_text_add_class(text, &table, "weighted", NULL, figures->weighted);
    results_text_print_table(text, &table);
}

/* ---- of all samples ---- */

static void results_text_add_headline(struct results_text *text, struct text_table *table,
                                      const char *title, double figure, int num_decimals,
                                      const struct interval *interval,
                                      const struct interval *bootstrap)
{
    char cells[3][CELL_SIZE];

    text_table_add(table,
                   (const char *const[]){
                       title,
                       results_text_figure(text, cells[0], figure, num_decimals),
                       interval ? cell_of_interval(cells[1], *interval, num_decimals) : NULL,
                       cell_of_interval(cells[2], *bootstrap, num_decimals),
                   },
                   text->error);
}

static void results_text_add_figure(struct results_text *text, struct text_table *table,
                                    const char *title, enum figure which, int num_decimals)
{
    const struct figures *figures = &text->result->figures;

    results_text_add_headline(text, table, title, figures->values[which], num_decimals,
                              &figures->intervals[which], &text->result->bootstrap.values[which]);
}

static void results_text_add_mean(struct results_text *text, struct text_table *table,
                                  const char *title, enum class_figure which)
{
    results_text_add_headline(text, table, title, text->result->figures.macro[which], 4, NULL,
                              &text->result->bootstrap.macro[which]);
}

static void results_text_overall(struct results_text *text)
{
    static const struct text_table_column columns[] = {
        {"all samples", TEXT_TABLE_LEFT},
        {"figure", TEXT_TABLE_RIGHT},
        {"95 % interval", TEXT_TABLE_RIGHT},
        {"bootstrap", TEXT_TABLE_RIGHT},
    };
    const struct figures *figures = &text->result->figures;
    bool has_bootstrap = text->result->bootstrap.num_resamples > 0;
    struct text_table table = {.columns = columns, .num_columns = has_bootstrap ? 4 : 3};
    char correct[CELL_SIZE], total[CELL_SIZE];

    results_text_add_figure(text, &table, "accuracy", FIGURE_ACCURACY, 4);
    results_text_add_figure(text, &table, "balanced accuracy", FIGURE_BALANCED_ACCURACY, 4);
    if (figures->top_k > 0)
        results_text_add_figure(text, &table, TEXT("top-%zu accuracy", figures->top_k),
                                FIGURE_TOP_K_ACCURACY, 4);
    results_text_add_mean(text, &table, "mean F1", CLASS_F1);
    results_text_add_mean(text, &table, "mean ROC area", CLASS_ROC_AREA);
    results_text_add_mean(text, &table, "mean PR area", CLASS_AVERAGE_PRECISION);
    results_text_add_figure(text, &table, "loss", FIGURE_LOSS, 6);
    results_text_add_figure(text, &table, "Brier score", FIGURE_BRIER_SCORE, 4);
    results_text_add_figure(text, &table, "calibration error", FIGURE_CALIBRATION_ERROR, 4);
    results_text_print_table(text, &table);
    fprintf(text->stream, "%s of %s sample%s %s correct\n",
            cell_of_count(correct, figures->num_correct),
            cell_of_count(total, figures->num_samples), figures->num_samples == 1 ? "" : "s",
            figures->num_correct == 1 || figures->num_samples == 1 ? "is" : "are");
}

/* ---- bootstrap ---- */

static void results_text_add_intervals(struct results_text *text, struct text_table *table,
                                       const char *name,
                                       const struct interval intervals[NUM_CLASS_FIGURES])
{
    char cells[NUM_CLASS_FIGURES][CELL_SIZE];
    const char *row[1 + NUM_CLASS_FIGURES] = {name};

    for (size_t i = 0; i < NUM_CLASS_FIGURES; i++)
        row[1 + i] = isnan(intervals[i].low) ? results_text_figure(text, cells[i], NAN, 3)
                                             : cell_of_interval(cells[i], intervals[i], 3);
    text_table_add(table, row, text->error);
}

static void results_text_bootstrap(struct results_text *text)
{
    static const struct text_table_column columns[1 + NUM_CLASS_FIGURES] = {
        {"class", TEXT_TABLE_LEFT},
        [1 + CLASS_RECALL] = {"recall", TEXT_TABLE_RIGHT},
        [1 + CLASS_PRECISION] = {"precision", TEXT_TABLE_RIGHT},
        [1 + CLASS_F1] = {"F1", TEXT_TABLE_RIGHT},
        [1 + CLASS_ROC_AREA] = {"ROC area", TEXT_TABLE_RIGHT},
        [1 + CLASS_AVERAGE_PRECISION] = {"PR area", TEXT_TABLE_RIGHT},
    };
    const struct bootstrap *bootstrap = &text->result->bootstrap;
    struct text_table table = {.columns = columns, .num_columns = 1 + NUM_CLASS_FIGURES};
    char count[CELL_SIZE];

    fprintf(text->stream, "bootstrap: the middle 95 %% of %s resamples, seed %" PRIu64 "\n",
            cell_of_count(count, bootstrap->num_resamples), bootstrap->seed);
    for (size_t c = 0; c < text->classes->count && error_ok(text->error); c++)
        results_text_add_intervals(text, &table, text->classes->items[c],
                                   bootstrap->classes[c].intervals);
    results_text_add_gap(text, &table);
    results_text_add_intervals(text, &table, "mean", bootstrap->macro);
    results_text_add_intervals(text, &table, "weighted", bootstrap->weighted);
    results_text_print_table(text, &table);
    fputc('\n', text->stream);
}

/* ---- confusions ---- */

typedef char results_text_name[TERMINAL_TEXT_SIZE(MAX_NAME_COLUMNS) + 8];

/* Names over the columns, or the numbers of the classes, which then stand before their names too.
 */
static void results_text_add_matrix(struct results_text *text, struct text_table *table,
                                    bool is_numbered)
{
    size_t num_classes = text->classes->count, next = 0;
    uint64_t counts[MATRIX_MAX_CLASSES];
    char cells[MATRIX_MAX_CLASSES][CELL_SIZE];

    for (size_t label = 0; label < num_classes; label++) {
        const char *row[1 + MATRIX_MAX_CLASSES];
        results_text_name cut, name;

        terminal_text_cut(cut, sizeof(cut), text->classes->items[label], MAX_NAME_COLUMNS,
                          text->terminal.is_utf8);
        row[0] =
            text_format(name, sizeof(name), "%s%s", is_numbered ? TEXT("%zu ", label) : "", cut);
        next = confusion_fill_row(&text->result->confusion, (uint32_t)label, next, counts);
        for (size_t c = 0; c < num_classes; c++)
            row[1 + c] = cell_of_count(cells[c], counts[c]);
        text_table_add(table, row, text->error);
    }
}

/* Columns that the matrix takes with names over its columns. */
static size_t results_text_matrix_width(const struct results_text *text,
                                        results_text_name titles[MATRIX_MAX_CLASSES])
{
    const struct confusion *confusion = &text->result->confusion;
    size_t widths[MATRIX_MAX_CLASSES], name_width = 0, total = 0;
    char cell[CELL_SIZE];

    for (size_t c = 0; c < text->classes->count; c++) {
        widths[c] = text_width(titles[c]);
        name_width = widths[c] > name_width ? widths[c] : name_width;
    }
    for (size_t i = 0; i < confusion->num_cells; i++) {
        size_t width = text_width(cell_of_count(cell, confusion->cells[i].num_samples));
        size_t *widest = &widths[confusion->cells[i].prediction];

        *widest = width > *widest ? width : *widest;
    }
    for (size_t c = 0; c < text->classes->count; c++)
        total += 2 + widths[c];
    return name_width + total;
}

static void results_text_matrix(struct results_text *text)
{
    results_text_name titles[MATRIX_MAX_CLASSES];
    struct text_table_column columns[1 + MATRIX_MAX_CLASSES] = {{"", TEXT_TABLE_LEFT}};
    size_t num_classes = text->classes->count;
    struct text_table table = {.columns = columns, .num_columns = 1 + num_classes};
    bool is_numbered;

    for (size_t c = 0; c < num_classes; c++)
        terminal_text_cut(titles[c], sizeof(titles[c]), text->classes->items[c], MAX_NAME_COLUMNS,
                          text->terminal.is_utf8);
    is_numbered = results_text_matrix_width(text, titles) > text->terminal.columns;
    for (size_t c = 0; c < num_classes; c++) {
        if (is_numbered)
            text_format(titles[c], sizeof(titles[c]), "%zu", c);
        columns[1 + c] = (struct text_table_column){titles[c], TEXT_TABLE_RIGHT};
    }
    fprintf(text->stream, "confusion matrix (row: true class, column: predicted class)\n");
    results_text_add_matrix(text, &table, is_numbered);
    results_text_print_table(text, &table);
}

static void results_text_confusions(struct results_text *text)
{
    static const struct text_table_column columns[] = {
        {"class", TEXT_TABLE_LEFT},
        {"taken for", TEXT_TABLE_LEFT},
        {"samples", TEXT_TABLE_RIGHT},
    };
    struct confusion_cell entries[MAX_CONFUSIONS];
    size_t count = confusion_find_frequent(&text->result->confusion, entries, MAX_CONFUSIONS);
    struct text_table table = {.columns = columns, .num_columns = 3};
    char cell[CELL_SIZE];

    if (count == 0) {
        fprintf(text->stream, "no confusions\n");
        return;
    }
    fprintf(text->stream, "most frequent confusions\n");
    for (size_t i = 0; i < count; i++)
        text_table_add(&table,
                       (const char *const[]){text->classes->items[entries[i].label],
                                             text->classes->items[entries[i].prediction],
                                             cell_of_count(cell, entries[i].num_samples)},
                       text->error);
    results_text_print_table(text, &table);
}

bool results_split_text(FILE *stream, const struct model_file *file,
                        const struct split_evaluation *result, struct error *error)
{
    struct results_text text = {
        .stream = stream, .classes = &file->checkpoint.classes, .result = result, .error = error};
    char cell[CELL_SIZE];

    terminal_find_text(&text.terminal);
    results_text_model(stream, file);
    fprintf(stream, "samples     %s of split %s, store ", cell_of_count(cell, result->num_samples),
            split_names[result->split]);
    text_print_escaped(stream, result->store_path);
    fputs("\n\n", stream);
    results_text_classes(&text);
    fputc('\n', stream);
    results_text_overall(&text);
    fputc('\n', stream);
    if (result->bootstrap.num_resamples > 0)
        results_text_bootstrap(&text);
    if (text.classes->count <= MATRIX_MAX_CLASSES)
        results_text_matrix(&text);
    else
        results_text_confusions(&text);
    if (text.has_undefined)
        fprintf(stream, "\n-: not defined for these samples or this model\n");
    return error_ok(error);
}
