#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/text.h"
#include "common/text_list.h"
#include "evaluate/report.h"
#include "evaluate/table.h"

enum { MATRIX_MAX_CLASSES = 20, MAX_CONFUSIONS = 10, NARROW_WIDTH = 60, NUM_MEANS = 2 };

/* What the cells of the tables are made of. */
struct report_text {
    const struct text_list *classes;
    const struct split_evaluation *result;
    int width;    /* of the terminal */
    int max_name; /* columns of a class name */
    struct table_notes notes;
};

static const char *report_text_name(const struct report_text *text, size_t class,
                                    char cell[TABLE_CELL_SIZE])
{
    return table_format_name(cell, text->classes->items[class], text->max_name);
}

/* ---- of the checkpoint ---- */

static const char *report_text_describe_distance(enum model_distance distance)
{
    return distance == DISTANCE_L1 ? "L1: mean absolute difference"
                                   : "L2: root mean square difference";
}

static void report_text_model(FILE *stream, const struct model_file *file)
{
    const struct model_spec *spec = &file->model.spec;
    const struct checkpoint *checkpoint = &file->checkpoint;

    fprintf(stream, "checkpoint  ");
    text_print_escaped(stream, file->path);
    fprintf(stream, " (epoch %" PRIu64 "%s)\n", checkpoint->epoch,
            checkpoint->finished ? ", finished" : "");
    fprintf(stream, "model       %s (%s)\n", model_kind_names[spec->kind],
            spec->kind == MODEL_NEAREST_MEAN ? report_text_describe_distance(spec->distance)
                                             : TEXT("%s loss", model_loss_names[spec->loss]));
}

/* ---- of each class ---- */

/* Rows are classes and then the two means, of which NULL is the class. */
static const struct class_figures *report_text_class(const void *context, size_t row)
{
    const struct report_text *text = context;

    return row < text->classes->count ? &text->result->figures.classes[row] : NULL;
}

static const char *report_text_class_name(const void *context, size_t row,
                                          char cell[TABLE_CELL_SIZE])
{
    const struct report_text *text = context;

    if (row < text->classes->count)
        return report_text_name(text, row, cell);
    return row == text->classes->count ? "mean" : "weighted";
}

static const char *report_text_class_samples(const void *context, size_t row,
                                             char cell[TABLE_CELL_SIZE])
{
    const struct class_figures *class = report_text_class(context, row);

    return class ? table_format_count(cell, class->num_samples) : "";
}

static const char *report_text_class_correct(const void *context, size_t row,
                                             char cell[TABLE_CELL_SIZE])
{
    const struct class_figures *class = report_text_class(context, row);

    return class ? table_format_count(cell, class->num_correct) : "";
}

static const char *report_text_class_value(const void *context, size_t row, enum class_figure which,
                                           char cell[TABLE_CELL_SIZE])
{
    const struct report_text *text = context;
    const struct class_figures *class = report_text_class(context, row);
    const struct figures *figures = &text->result->figures;
    double mean = row == text->classes->count ? figures->macro[which] : figures->weighted[which];

    return table_format_real(cell, class ? class->values[which] : mean, 4);
}

static const char *report_text_class_interval(const void *context, size_t row,
                                              char cell[TABLE_CELL_SIZE])
{
    const struct class_figures *class = report_text_class(context, row);

    return class ? table_format_interval(cell, class->intervals[CLASS_RECALL], 4) : "";
}

#define REPORT_TEXT_VALUE(name, which)                                                             \
    static const char *report_text_##name(const void *context, size_t row,                         \
                                          char cell[TABLE_CELL_SIZE])                              \
    {                                                                                              \
        return report_text_class_value(context, row, which, cell);                                 \
    }

REPORT_TEXT_VALUE(recall, CLASS_RECALL)
REPORT_TEXT_VALUE(precision, CLASS_PRECISION)
REPORT_TEXT_VALUE(f1, CLASS_F1)
REPORT_TEXT_VALUE(roc_area, CLASS_ROC_AREA)

static const struct table_column class_columns[] = {
    {"class", 0, report_text_class_name},
    {"samples", 4, report_text_class_samples},
    {"correct", 6, report_text_class_correct},
    {"recall", 0, report_text_recall},
    {"95 % interval", 3, report_text_class_interval},
    {"precision", 2, report_text_precision},
    {"F1", 1, report_text_f1},
    {"ROC area", 5, report_text_roc_area},
};

static void report_text_classes(FILE *stream, struct report_text *text)
{
    const struct table table = {class_columns, sizeof(class_columns) / sizeof(class_columns[0]),
                                text, text->classes->count + NUM_MEANS, NUM_MEANS};

    table_print(stream, &table, text->width, &text->notes);
}

/* ---- of all samples ---- */

/* The lines of the table of figures, without top-k accuracy where there is none. */
enum headline {
    HEADLINE_ACCURACY,
    HEADLINE_BALANCED,
    HEADLINE_TOP_K,
    HEADLINE_F1,
    HEADLINE_ROC_AREA,
    HEADLINE_AVERAGE_PRECISION,
    HEADLINE_LOSS,
    HEADLINE_BRIER,
    HEADLINE_CALIBRATION,
    NUM_HEADLINES,
};

static const struct {
    const char *title;
    bool is_mean; /* over the classes */
    int which;    /* enum class_figure or enum figure */
    int num_decimals;
} headlines[NUM_HEADLINES] = {
    [HEADLINE_ACCURACY] = {"accuracy", false, FIGURE_ACCURACY, 4},
    [HEADLINE_BALANCED] = {"balanced accuracy", false, FIGURE_BALANCED_ACCURACY, 4},
    [HEADLINE_TOP_K] = {"", false, FIGURE_TOP_K_ACCURACY, 4},
    [HEADLINE_F1] = {"F1, mean of classes", true, CLASS_F1, 4},
    [HEADLINE_ROC_AREA] = {"ROC area, mean", true, CLASS_ROC_AREA, 4},
    [HEADLINE_AVERAGE_PRECISION] = {"PR area, mean", true, CLASS_AVERAGE_PRECISION, 4},
    [HEADLINE_LOSS] = {"loss", false, FIGURE_LOSS, 6},
    [HEADLINE_BRIER] = {"Brier score", false, FIGURE_BRIER_SCORE, 6},
    [HEADLINE_CALIBRATION] = {"calibration error", false, FIGURE_CALIBRATION_ERROR, 6},
};

static enum headline report_text_headline(const struct report_text *text, size_t row)
{
    bool is_behind = row >= HEADLINE_TOP_K && text->result->figures.top_k == 0;

    return (enum headline)(row + (is_behind ? 1 : 0));
}

static const char *report_text_headline_title(const void *context, size_t row,
                                              char cell[TABLE_CELL_SIZE])
{
    const struct report_text *text = context;
    enum headline line = report_text_headline(text, row);

    return line == HEADLINE_TOP_K
               ? text_format(cell, TABLE_CELL_SIZE, "top-%zu accuracy", text->result->figures.top_k)
               : headlines[line].title;
}

static const char *report_text_headline_value(const void *context, size_t row,
                                              char cell[TABLE_CELL_SIZE])
{
    const struct report_text *text = context;
    const struct figures *figures = &text->result->figures;
    enum headline line = report_text_headline(text, row);
    int which = headlines[line].which;

    return table_format_real(
        cell, headlines[line].is_mean ? figures->macro[which] : figures->values[which],
        headlines[line].num_decimals);
}

static const char *report_text_headline_interval(const void *context, size_t row,
                                                 char cell[TABLE_CELL_SIZE])
{
    const struct report_text *text = context;
    enum headline line = report_text_headline(text, row);

    if (headlines[line].is_mean)
        return "";
    return table_format_interval(cell, text->result->figures.intervals[headlines[line].which], 4);
}

static const char *report_text_headline_bootstrap(const void *context, size_t row,
                                                  char cell[TABLE_CELL_SIZE])
{
    const struct report_text *text = context;
    const struct bootstrap *bootstrap = &text->result->bootstrap;
    enum headline line = report_text_headline(text, row);
    int which = headlines[line].which;

    return table_format_interval(
        cell, headlines[line].is_mean ? bootstrap->macro[which] : bootstrap->values[which],
        headlines[line].num_decimals);
}

static void report_text_overall(FILE *stream, struct report_text *text)
{
    static const struct table_column columns[] = {
        {"over all samples", 0, report_text_headline_title},
        {"figure", 0, report_text_headline_value},
        {"95 % interval", 1, report_text_headline_interval},
        {"bootstrap", 2, report_text_headline_bootstrap},
    };
    const struct figures *figures = &text->result->figures;
    bool has_bootstrap = text->result->bootstrap.num_resamples > 0;
    const struct table table = {columns, has_bootstrap ? 4 : 3, text,
                                figures->top_k ? NUM_HEADLINES : NUM_HEADLINES - 1};
    char correct[TABLE_CELL_SIZE], total[TABLE_CELL_SIZE];

    table_print(stream, &table, text->width, &text->notes);
    fprintf(stream, "%s of %s samples are correct\n",
            table_format_count(correct, figures->num_correct),
            table_format_count(total, figures->num_samples));
}

/* ---- bootstrap ---- */

static const char *report_text_bootstrap_value(const void *context, size_t row,
                                               enum class_figure which, char cell[TABLE_CELL_SIZE])
{
    const struct report_text *text = context;
    const struct bootstrap *bootstrap = &text->result->bootstrap;
    size_t num_classes = text->classes->count;
    struct interval interval = row < num_classes    ? bootstrap->classes[row].intervals[which]
                               : row == num_classes ? bootstrap->macro[which]
                                                    : bootstrap->weighted[which];

    return isnan(interval.low) ? "-" : table_format_interval(cell, interval, 3);
}

#define REPORT_TEXT_BOOTSTRAP(name, which)                                                         \
    static const char *report_text_bootstrap_##name(const void *context, size_t row,               \
                                                    char cell[TABLE_CELL_SIZE])                    \
    {                                                                                              \
        return report_text_bootstrap_value(context, row, which, cell);                             \
    }

REPORT_TEXT_BOOTSTRAP(recall, CLASS_RECALL)
REPORT_TEXT_BOOTSTRAP(precision, CLASS_PRECISION)
REPORT_TEXT_BOOTSTRAP(f1, CLASS_F1)
REPORT_TEXT_BOOTSTRAP(roc_area, CLASS_ROC_AREA)
REPORT_TEXT_BOOTSTRAP(average_precision, CLASS_AVERAGE_PRECISION)

static void report_text_bootstrap(FILE *stream, struct report_text *text)
{
    static const struct table_column columns[] = {
        {"class", 0, report_text_class_name},
        {"recall", 0, report_text_bootstrap_recall},
        {"precision", 2, report_text_bootstrap_precision},
        {"F1", 1, report_text_bootstrap_f1},
        {"ROC area", 3, report_text_bootstrap_roc_area},
        {"PR area", 4, report_text_bootstrap_average_precision},
    };
    const struct bootstrap *bootstrap = &text->result->bootstrap;
    const struct table table = {columns, sizeof(columns) / sizeof(columns[0]), text,
                                text->classes->count + NUM_MEANS, NUM_MEANS};
    char count[TABLE_CELL_SIZE];

    fprintf(stream, "bootstrap: the middle 95 %% of %s resamples, seed %" PRIu64 "\n",
            table_format_count(count, bootstrap->num_resamples), bootstrap->seed);
    table_print(stream, &table, text->width, &text->notes);
}

/* ---- confusions ---- */

struct matrix {
    uint64_t counts[MATRIX_MAX_CLASSES][MATRIX_MAX_CLASSES];
    int widths[MATRIX_MAX_CLASSES];
    int name_width;
    bool is_numbered; /* columns have the numbers of the classes, not the names */
};

/* The whole width: of names and columns. */
static int report_text_measure_matrix(const struct report_text *text, struct matrix *matrix)
{
    size_t num_classes = text->classes->count, cell_index = 0;
    char cell[TABLE_CELL_SIZE];
    int total = 0;

    matrix->name_width = 0;
    for (size_t label = 0; label < num_classes; label++) {
        int columns = table_count_columns(report_text_name(text, label, cell));

        cell_index = confusion_fill_row(&text->result->confusion, (uint32_t)label, cell_index,
                                        matrix->counts[label]);
        matrix->name_width = columns > matrix->name_width ? columns : matrix->name_width;
    }
    for (size_t c = 0; c < num_classes; c++) {
        matrix->widths[c] = matrix->is_numbered
                                ? (c < 10 ? 1 : 2)
                                : table_count_columns(report_text_name(text, c, cell));
        for (size_t label = 0; label < num_classes; label++) {
            int columns = table_count_columns(table_format_count(cell, matrix->counts[label][c]));

            matrix->widths[c] = columns > matrix->widths[c] ? columns : matrix->widths[c];
        }
        total += 2 + matrix->widths[c];
    }
    return total + matrix->name_width + (matrix->is_numbered ? 4 : 0);
}

static void report_text_print_matrix(FILE *stream, const struct report_text *text,
                                     const struct matrix *matrix)
{
    size_t num_classes = text->classes->count;
    char cell[TABLE_CELL_SIZE];

    fprintf(stream, "confusion matrix (row: true class, column: predicted class)\n");
    table_print_cell(stream, matrix->name_width + (matrix->is_numbered ? 4 : 0), "");
    for (size_t c = 0; c < num_classes; c++) {
        fputs("  ", stream);
        table_print_cell(stream, matrix->widths[c],
                         matrix->is_numbered ? table_format_count(cell, c)
                                             : report_text_name(text, c, cell));
    }
    fputc('\n', stream);
    for (size_t label = 0; label < num_classes; label++) {
        if (matrix->is_numbered)
            fprintf(stream, "%2zu  ", label);
        table_print_cell(stream, -matrix->name_width, report_text_name(text, label, cell));
        for (size_t c = 0; c < num_classes; c++) {
            fputs("  ", stream);
            table_print_cell(stream, matrix->widths[c],
                             table_format_count(cell, matrix->counts[label][c]));
        }
        fputc('\n', stream);
    }
}

struct confusion_rows {
    const struct report_text *text;
    struct confusion_cell entries[MAX_CONFUSIONS];
};

static const char *report_text_confused_class(const void *context, size_t row,
                                              char cell[TABLE_CELL_SIZE])
{
    const struct confusion_rows *rows = context;

    return report_text_name(rows->text, rows->entries[row].label, cell);
}

static const char *report_text_confused_with(const void *context, size_t row,
                                             char cell[TABLE_CELL_SIZE])
{
    const struct confusion_rows *rows = context;

    return report_text_name(rows->text, rows->entries[row].prediction, cell);
}

static const char *report_text_confused_samples(const void *context, size_t row,
                                                char cell[TABLE_CELL_SIZE])
{
    const struct confusion_rows *rows = context;

    return table_format_count(cell, rows->entries[row].num_samples);
}

static void report_text_confusions(FILE *stream, struct report_text *text)
{
    static const struct table_column columns[] = {
        {"class", 0, report_text_confused_class},
        {"taken for", 0, report_text_confused_with},
        {"samples", 0, report_text_confused_samples},
    };
    struct confusion_rows rows = {.text = text};
    size_t count = confusion_find_frequent(&text->result->confusion, rows.entries, MAX_CONFUSIONS);
    const struct table table = {columns, 3, &rows, count, 0};

    if (count == 0) {
        fprintf(stream, "no confusions\n");
        return;
    }
    fprintf(stream, "most frequent confusions\n");
    table_print(stream, &table, text->width, &text->notes);
}

/* The matrix with names over its columns, else with numbers, else the most frequent confusions. */
static void report_text_matrix(FILE *stream, struct report_text *text)
{
    struct matrix matrix = {.is_numbered = false};

    if (text->classes->count > MATRIX_MAX_CLASSES) {
        report_text_confusions(stream, text);
        return;
    }
    if (report_text_measure_matrix(text, &matrix) > text->width) {
        matrix.is_numbered = true;
        if (report_text_measure_matrix(text, &matrix) > text->width) {
            report_text_confusions(stream, text);
            return;
        }
    }
    report_text_print_matrix(stream, text, &matrix);
}

static void report_text_notes(FILE *stream, const struct table_notes *notes)
{
    if (notes->has_undefined || notes->has_left_out)
        fputc('\n', stream);
    if (notes->has_undefined)
        fprintf(stream, "-: not defined for these samples or this model\n");
    if (notes->has_left_out)
        fprintf(stream, "columns that do not fit are left out: --json has all\n");
}

void report_split_text(FILE *stream, const struct model_file *file,
                       const struct split_evaluation *result)
{
    int width = table_width(stream);
    struct report_text text = {.classes = &file->checkpoint.classes,
                               .result = result,
                               .width = width,
                               .max_name = width < NARROW_WIDTH ? 12 : 24};
    char cell[TABLE_CELL_SIZE];

    report_text_model(stream, file);
    fprintf(stream, "samples     %s of split %s, store ",
            table_format_count(cell, result->num_samples), split_names[result->split]);
    text_print_escaped(stream, result->store_path);
    fputs("\n\n", stream);
    report_text_classes(stream, &text);
    fputc('\n', stream);
    report_text_overall(stream, &text);
    fputc('\n', stream);
    if (result->bootstrap.num_resamples > 0) {
        report_text_bootstrap(stream, &text);
        fputc('\n', stream);
    }
    report_text_matrix(stream, &text);
    report_text_notes(stream, &text.notes);
}
