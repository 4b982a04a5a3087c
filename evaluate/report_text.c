#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/text.h"
#include "common/text_list.h"
#include "evaluate/report.h"

enum { MATRIX_MAX_CLASSES = 20, MAX_CONFUSIONS = 10, MAX_COLUMNS = 24, NAME_SIZE = 160 };

/* Characters of UTF-8, taken as one column each. */
static int report_text_count_columns(const char *text)
{
    int columns = 0;

    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

/* A class name that is safe to print and at most MAX_COLUMNS wide. */
static const char *report_text_format_name(char buffer[NAME_SIZE], const char *name)
{
    char *end = buffer;

    text_escape(buffer, NAME_SIZE, name);
    if (report_text_count_columns(buffer) <= MAX_COLUMNS)
        return buffer;
    for (int columns = 0; columns < MAX_COLUMNS - 2; columns++) {
        end++;
        while (((unsigned char)*end & 0xc0) == 0x80)
            end++;
    }
    memcpy(end, "..", 3);
    return buffer;
}

/* width is in columns: printf's own counts bytes.  Negative: text at the left. */
static void report_text_cell(FILE *stream, int width, const char *text)
{
    int padding = (width < 0 ? -width : width) - report_text_count_columns(text);

    if (width > 0 && padding > 0)
        fprintf(stream, "%*s", padding, "");
    fputs(text, stream);
    if (width < 0 && padding > 0)
        fprintf(stream, "%*s", padding, "");
}

static int report_text_widest_name(const struct text_list *classes, int width)
{
    char name[NAME_SIZE];

    for (size_t c = 0; c < classes->count; c++) {
        int columns = report_text_count_columns(report_text_format_name(name, classes->items[c]));

        width = columns > width ? columns : width;
    }
    return width;
}

static const char *report_text_format_count(char buffer[32], uint64_t count)
{
    return text_group_digits(buffer, 32, count);
}

static const char *report_text_format_real(char buffer[32], double value, int num_decimals)
{
    return isfinite(value) ? text_format(buffer, 32, "%.*f", num_decimals, value)
                           : text_format(buffer, 32, "%s", isnan(value) ? "-" : "infinite");
}

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

static void report_text_classes(FILE *stream, const struct text_list *classes,
                                const struct split_evaluation *result, int width)
{
    char cell[32], name[NAME_SIZE];

    report_text_cell(stream, -width, "class");
    fprintf(stream, "  %12s  %12s  %8s\n", "correct", "total", "accuracy");
    for (size_t c = 0; c < classes->count; c++) {
        const struct class_figures *class = &result->figures.classes[c];

        report_text_cell(stream, -width, report_text_format_name(name, classes->items[c]));
        fprintf(stream, "  %12s", report_text_format_count(cell, class->num_correct));
        fprintf(stream, "  %12s", report_text_format_count(cell, class->num_samples));
        fprintf(stream, "  %8s\n", report_text_format_real(cell, class->values[CLASS_RECALL], 4));
    }
}

static void report_text_overall(FILE *stream, const struct split_evaluation *result, double loss,
                                int width)
{
    char cell[32];

    /* The figures stand below the accuracies: past a name and two counts. */
    report_text_cell(stream, -(width + 28), "mean of class accuracies");
    fprintf(stream, "  %8s\n",
            report_text_format_real(cell, result->figures.values[FIGURE_BALANCED_ACCURACY], 4));
    report_text_cell(stream, -width, "over all samples");
    fprintf(stream, "  %12s", report_text_format_count(cell, result->figures.num_correct));
    fprintf(stream, "  %12s", report_text_format_count(cell, result->figures.num_samples));
    fprintf(stream, "  %8s\n",
            report_text_format_real(cell, result->figures.values[FIGURE_ACCURACY], 4));
    report_text_cell(stream, -(width + 28), "loss");
    fprintf(stream, "  %8s\n", report_text_format_real(cell, loss, 6));
}

static void report_text_matrix(FILE *stream, const struct text_list *classes,
                               const struct split_evaluation *result)
{
    size_t num_classes = classes->count, cell_index = 0;
    uint64_t counts[MATRIX_MAX_CLASSES][MATRIX_MAX_CLASSES];
    char cell[32], name[NAME_SIZE];
    int width = report_text_widest_name(classes, 0), widths[MATRIX_MAX_CLASSES];

    for (size_t label = 0; label < num_classes; label++)
        cell_index =
            confusion_fill_row(&result->confusion, (uint32_t)label, cell_index, counts[label]);
    fprintf(stream, "confusion matrix (row: true class, column: predicted class)\n");
    report_text_cell(stream, width, "");
    for (size_t c = 0; c < num_classes; c++) {
        widths[c] = report_text_count_columns(report_text_format_name(name, classes->items[c]));
        for (size_t label = 0; label < num_classes; label++) {
            int columns =
                report_text_count_columns(report_text_format_count(cell, counts[label][c]));

            widths[c] = columns > widths[c] ? columns : widths[c];
        }
        fputs("  ", stream);
        report_text_cell(stream, widths[c], name);
    }
    fputc('\n', stream);
    for (size_t label = 0; label < num_classes; label++) {
        report_text_cell(stream, -width, report_text_format_name(name, classes->items[label]));
        for (size_t c = 0; c < num_classes; c++) {
            fputs("  ", stream);
            report_text_cell(stream, widths[c], report_text_format_count(cell, counts[label][c]));
        }
        fputc('\n', stream);
    }
}

static void report_text_confusions(FILE *stream, const struct text_list *classes,
                                   const struct split_evaluation *result, int width)
{
    struct confusion_cell entries[MAX_CONFUSIONS];
    size_t count = confusion_find_frequent(&result->confusion, entries, MAX_CONFUSIONS);
    char cell[32], name[NAME_SIZE];

    if (count == 0) {
        fprintf(stream, "no confusions\n");
        return;
    }
    fprintf(stream, "most frequent confusions\n");
    report_text_cell(stream, -width, "class");
    fputs("  ", stream);
    report_text_cell(stream, -width, "taken for");
    fprintf(stream, "  %12s\n", "samples");
    for (size_t i = 0; i < count; i++) {
        report_text_cell(stream, -width,
                         report_text_format_name(name, classes->items[entries[i].label]));
        fputs("  ", stream);
        report_text_cell(stream, -width,
                         report_text_format_name(name, classes->items[entries[i].prediction]));
        fprintf(stream, "  %12s\n", report_text_format_count(cell, entries[i].num_samples));
    }
}

void report_split_text(FILE *stream, const struct model_file *file,
                       const struct split_evaluation *result)
{
    const struct text_list *classes = &file->checkpoint.classes;
    int width = report_text_widest_name(classes, (int)strlen("over all samples"));
    char cell[32];

    report_text_model(stream, file);
    fprintf(stream, "samples     %s of split %s, store ",
            report_text_format_count(cell, result->num_samples), split_names[result->split]);
    text_print_escaped(stream, result->store_path);
    fputs("\n\n", stream);
    report_text_classes(stream, classes, result, width);
    fputc('\n', stream);
    report_text_overall(stream, result, result->loss, width);
    fputc('\n', stream);
    if (classes->count <= MATRIX_MAX_CLASSES)
        report_text_matrix(stream, classes, result);
    else
        report_text_confusions(stream, classes, result, width);
}
