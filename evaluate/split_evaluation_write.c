#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "evaluate/split_evaluation.h"
#include "formats/evaluation.h"

static const char *const class_figure_descriptions[NUM_CLASS_FIGURES] = {
    [CLASS_RECALL] = "correct / total, 0 to 1, as accuracy; NaN for a class without samples",
    [CLASS_PRECISION] = "correct / samples taken for the class; NaN if there are none",
    [CLASS_F1] = "harmonic mean of recall and precision; NaN for a class that nothing is or is "
                 "taken for",
    [CLASS_ROC_AREA] = "area under the ROC curve, this class against the rest; NaN where every "
                       "sample or none is of the class",
    [CLASS_AVERAGE_PRECISION] = "average precision, this class against the rest; NaN for a class "
                                "without samples",
};

/* What is borrowed by an evaluation to be written. */
struct written {
    struct evaluation_figure figures[NUM_FIGURES + 1 + 2 * NUM_CLASS_FIGURES];
    char names[2 * NUM_CLASS_FIGURES][64];
    struct evaluation_class_figure class_figures[NUM_CLASS_FIGURES];
    double *values;    /* [NUM_CLASS_FIGURES][C] */
    double *intervals; /* [NUM_CLASS_FIGURES][C][2] */
    double edges[CALIBRATION_NUM_BINS + 1];
    double confidence[CALIBRATION_NUM_BINS], accuracy[CALIBRATION_NUM_BINS];
    uint64_t totals[CALIBRATION_NUM_BINS];
    uint64_t *matrix; /* [C][C] */
};

static void split_evaluation_export_figures(const struct figures *figures, struct written *written,
                                            struct evaluation *evaluation)
{
    size_t count = 0;

    for (size_t i = 0; i < NUM_FIGURES; i++)
        written->figures[count++] =
            (struct evaluation_figure){figure_keys[i], figures->values[i],
                                       figures->intervals[i].low, figures->intervals[i].high};
    /* Its name in version 1.0. */
    written->figures[count++] = (struct evaluation_figure){
        "mean_class_accuracy", figures->values[FIGURE_BALANCED_ACCURACY], NAN, NAN};
    for (size_t i = 0; i < 2 * NUM_CLASS_FIGURES; i++) {
        bool is_weighted = i >= NUM_CLASS_FIGURES;
        size_t which = i % NUM_CLASS_FIGURES;

        written->figures[count++] = (struct evaluation_figure){
            text_format(written->names[i], sizeof(written->names[i]), "%s_%s",
                        is_weighted ? "weighted" : "macro", class_figure_keys[which]),
            is_weighted ? figures->weighted[which] : figures->macro[which], NAN, NAN};
    }
    evaluation->num_figures = count;
    evaluation->figures = written->figures;
    evaluation->top_k = figures->top_k;
}

static void split_evaluation_export_classes(const struct figures *figures, struct written *written,
                                            struct evaluation *evaluation)
{
    size_t num_classes = figures->num_classes;

    for (size_t i = 0; i < NUM_CLASS_FIGURES; i++) {
        double *values = written->values + i * num_classes;
        double *intervals = written->intervals + 2 * i * num_classes;
        bool has_intervals = i == CLASS_RECALL || i == CLASS_PRECISION;

        for (size_t c = 0; c < num_classes; c++) {
            values[c] = figures->classes[c].values[i];
            intervals[2 * c] = figures->classes[c].intervals[i].low;
            intervals[2 * c + 1] = figures->classes[c].intervals[i].high;
        }
        written->class_figures[i] =
            (struct evaluation_class_figure){class_figure_keys[i], class_figure_descriptions[i],
                                             values, has_intervals ? intervals : NULL};
    }
    evaluation->num_class_figures = NUM_CLASS_FIGURES;
    evaluation->class_figures = written->class_figures;
}

static void split_evaluation_export_bins(const struct figures *figures, struct written *written,
                                         struct evaluation *evaluation)
{
    if (!figures->has_calibration)
        return;
    for (size_t i = 0; i <= CALIBRATION_NUM_BINS; i++)
        written->edges[i] = (double)i / CALIBRATION_NUM_BINS;
    for (size_t i = 0; i < CALIBRATION_NUM_BINS; i++) {
        const struct calibration_bin *bin = &figures->calibration.bins[i];

        written->totals[i] = bin->num_samples;
        written->confidence[i] = calibration_confidence(bin);
        written->accuracy[i] = calibration_accuracy(bin);
    }
    evaluation->bins =
        (struct evaluation_bins){CALIBRATION_NUM_BINS, written->edges, written->totals,
                                 written->confidence, written->accuracy};
}

static void split_evaluation_export_matrix(const struct confusion *confusion, uint64_t *matrix)
{
    for (size_t i = 0; i < confusion->num_cells; i++) {
        const struct confusion_cell *cell = &confusion->cells[i];

        matrix[cell->label * confusion->num_classes + cell->prediction] = cell->num_samples;
    }
}

bool split_evaluation_write(const char *path, const struct model_file *file,
                            const struct split_evaluation *result, bool is_forced,
                            struct error *error)
{
    size_t num_classes = result->figures.num_classes;
    char digest[65];
    struct written written = {0};
    struct evaluation evaluation = {
        .model = model_kind_names[file->model.spec.kind],
        .split = split_names[result->split],
        .store_fingerprint = result->store_fingerprint,
        .scores_meaning = model_scores_meaning(&file->model),
        .checkpoint_digest = digest,
        .epoch = file->checkpoint.epoch,
        .config = &file->checkpoint.config,
        .classes = &file->checkpoint.classes,
        .num_samples = result->num_samples,
        .num_unknown = result->num_unknown,
        .num_correct = result->figures.num_correct,
        .paths = &result->paths,
        .rows = result->rows,
        .labels = result->labels,
        .predictions = result->predictions,
        .scores = result->scores,
    };
    bool ok = memory_allocate(&written.matrix, num_classes, num_classes * sizeof(*written.matrix),
                              error) &&
              memory_allocate(&written.values, NUM_CLASS_FIGURES * num_classes,
                              sizeof(*written.values), error) &&
              memory_allocate(&written.intervals, 2 * NUM_CLASS_FIGURES * num_classes,
                              sizeof(*written.intervals), error);

    if (ok) {
        checkpoint_compute_digest(&file->checkpoint, digest);
        split_evaluation_export_figures(&result->figures, &written, &evaluation);
        split_evaluation_export_classes(&result->figures, &written, &evaluation);
        split_evaluation_export_bins(&result->figures, &written, &evaluation);
        split_evaluation_export_matrix(&result->confusion, written.matrix);
        evaluation.confusion = written.matrix;
        ok = evaluation_write(path, &evaluation, is_forced, error);
    }
    free(written.intervals);
    free(written.values);
    free(written.matrix);
    return ok;
}
