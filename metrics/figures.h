/*
 * Every figure of a classifier on labelled samples, computed once: what quern-evaluate prints,
 * evaluations hold and reports draw.  docs/metrics.md defines each.
 *
 * A figure that is not defined is NAN: one of a class without samples, or of scores where there are
 * none, or of probabilities where the scores are none.
 */
#ifndef QUERN_METRICS_FIGURES_H
#define QUERN_METRICS_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "metrics/area.h"
#include "metrics/calibration.h"
#include "metrics/confusion.h"
#include "metrics/interval.h"
#include "metrics/scores.h"

/* Figures of all samples. */
enum figure {
    FIGURE_ACCURACY,
    FIGURE_BALANCED_ACCURACY, /* mean of the accuracies of the classes with samples */
    FIGURE_TOP_K_ACCURACY,
    FIGURE_LOSS,              /* mean; the model's own, which the caller gives */
    FIGURE_BRIER_SCORE,       /* of probabilities */
    FIGURE_CALIBRATION_ERROR, /* expected; of probabilities */
    FIGURE_LARGEST_CALIBRATION_ERROR,
    NUM_FIGURES,
};

/* Figures of a class; also their macro mean (over the classes that have the figure) and their
 * weighted mean (the same, each counting as many times as it has samples). */
enum class_figure {
    CLASS_RECALL, /* the accuracy of the class */
    CLASS_PRECISION,
    CLASS_F1,
    CLASS_ROC_AREA,
    CLASS_AVERAGE_PRECISION,
    NUM_CLASS_FIGURES,
};

/* "balanced_accuracy": in JSON and in files.  "balanced accuracy": for people. */
extern const char *const figure_keys[NUM_FIGURES];
extern const char *const figure_titles[NUM_FIGURES];
extern const char *const class_figure_keys[NUM_CLASS_FIGURES];
extern const char *const class_figure_titles[NUM_CLASS_FIGURES];

struct class_figures {
    uint64_t num_samples;   /* of the class: its support */
    uint64_t num_predicted; /* taken for it */
    uint64_t num_correct;   /* both */
    double values[NUM_CLASS_FIGURES];
    struct interval intervals[NUM_CLASS_FIGURES]; /* of recall and precision */
};

struct figures {
    size_t num_classes;
    uint64_t num_samples;
    uint64_t num_correct;
    size_t top_k; /* 0: too few classes, or no scores */
    uint64_t num_top_k_correct;
    double values[NUM_FIGURES];
    struct interval intervals[NUM_FIGURES]; /* of the accuracies */
    double macro[NUM_CLASS_FIGURES];
    double weighted[NUM_CLASS_FIGURES];
    bool has_calibration; /* the scores are probabilities */
    struct calibration calibration;
    struct class_figures *classes; /* [num_classes]; owned */
};

/* Labelled samples and what a classifier said of them.  Nothing is owned. */
struct figures_samples {
    size_t num_classes;
    uint64_t num_samples;
    const uint32_t *labels;      /* [num_samples] below num_classes */
    const uint32_t *predictions; /* [num_samples] below num_classes */
    /* The areas need all scores [num_samples][num_classes], what else is made of scores a summary
     * of each sample's.  NULL: there are none; summaries are made where there are scores alone. */
    const float *scores;
    const struct score_summary *summaries; /* [num_samples] */
    bool are_probabilities;
    double loss; /* mean; NAN: none */
    int num_threads;
};

/* How many classes a sample may be taken for, of so many, to count as right for the top-k accuracy:
 * 5 of more than 10, 2 of 3 to 10; 0 of 2, where every sample would count. */
size_t figures_top_k(size_t num_classes);

/* The same for any number of threads.  Free with figures_destroy, after a failure too. */
bool figures_compute(const struct figures_samples *samples, struct figures *figures,
                     struct error *error);
void figures_destroy(struct figures *figures);

/* Bytes that figures_compute takes at most, on any number of threads; with_areas: where it is given
 * scores. */
uint64_t figures_nbytes(size_t num_classes, uint64_t num_samples, bool with_areas);

#endif
