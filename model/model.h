/*
 * A model: named parameters in one flat float32 buffer, and what they make of images.  Training,
 * evaluation and checkpoints know models only through this header and model/pass.h.
 *
 * There are three kinds: linear and nearest-mean, which read pixels directly, and networks of
 * layers (model/network.h), which are trained by passes over batches (model/pass.h).
 *
 * Shapes: B rows (images), D inputs (pixel values of an image), C classes.  Pixels are uint8 and
 * count as value / 255, or as the spec of a network scales them.  Two classes share one logit,
 * positive for class index 1; C > 2 classes have C logits.
 */
#ifndef QUERN_MODEL_MODEL_H
#define QUERN_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "model/kernels/kernels.h"
#include "model/loss.h"

enum model_kind { MODEL_LINEAR, MODEL_NEAREST_MEAN, MODEL_NETWORK };

/* The names in files and options, NULL at the end: "linear", "nearest-mean", "network"; "l1", "l2";
 * "mae", "cross-entropy". */
extern const char *const model_kind_names[];
extern const char *const model_distance_names[];
extern const char *const model_loss_names[];

enum { MODEL_MAX_CHANNELS = 3 };

/* A network's input is fma(pixel, scale, offset), for each channel. */
struct model_input {
    float scale[MODEL_MAX_CHANNELS], offset[MODEL_MAX_CHANNELS];
};

struct model_spec {
    enum model_kind kind;
    enum model_distance distance; /* nearest-mean */
    enum model_loss loss;         /* linear and networks */
    double label_smoothing;       /* of cross-entropy */
    const double
        *class_weights; /* [num_classes]; NULL: all 1.  The caller's, as long as the model */
    struct image_shape image;
    size_t num_classes;       /* 2 or more */
    const char *layers;       /* the text of a network; copied */
    struct model_input input; /* of a network */
};

/* pixel / 255 */
struct model_input model_input_unit(void);

enum {
    /* Rows of one slice of a mini-batch: the unit of parallel work, and part of the numeric
     * contract, because a sum over the batch is a sum over slices. */
    MODEL_SLICE_ROWS = 32,
};

struct network;

struct model {
    struct model_spec spec;
    size_t num_inputs; /* D */
    size_t num_logits; /* nearest-mean: C; else 1 for two classes, else C */
    size_t num_tensors;
    struct tensor *tensors; /* owned, into parameters */
    /*
     * Floats of the flat buffer, the padding between tensors counted.  The gradients of the first
     * num_slice_parameters are summed slice by slice, those of the rest of num_trained_parameters
     * tile by tile; what is behind them no step changes.
     */
    size_t num_slice_parameters, num_trained_parameters, num_parameters;
    float *parameters;             /* owned; padding is zero and stays zero */
    struct network *network;       /* owned; NULL for other kinds */
    float *packed;                 /* owned; what a network's layers pack of their parameters */
    const struct kernels *kernels; /* model/kernels: the fastest this CPU has */
};

/*
 * Makes a model with all parameters zero.  STATUS_USAGE for a specification that cannot be, and
 * for a value of the environment variable QUERN_CPU that names no kernels for this CPU.
 */
bool model_create(const struct model_spec *spec, struct model *model, struct error *error);
/* The two halves of it: tensors with names and shapes but without data, and the memory for them;
 * for a specification that comes from a file, which may claim any size. */
bool model_describe(const struct model_spec *spec, struct model *model, struct error *error);
bool model_allocate(struct model *model, bool is_trained, struct error *error);
void model_destroy(struct model *model);
/* What model_allocate takes. */
uint64_t model_memory_nbytes(const struct model *model, bool is_trained);

/*
 * Draws every parameter from a normal distribution with the given standard deviation, as the
 * lesson's init_params does.  Element i of the flat list of tensors (padding not counted) is a
 * function of (seed, i) alone.
 */
void model_init_normal(struct model *model, double standard_deviation, uint64_t seed);

/* Fits nearest-mean: parameters from the class means [C][D]. */
void model_fit_class_means(struct model *model, const float *class_means);

/* True for a model that is trained by gradient steps, false for one that is fitted in one pass. */
bool model_has_gradient(const struct model *model);

/*
 * After parameters changed: packs a thread's share of what layers pack; all shares must be done
 * before the next pass or evaluation.  with_backward: for training too.
 */
void model_pack(const struct model *model, bool with_backward, size_t thread, size_t num_threads);

/*
 * Scratch memory of one thread for up to MODEL_SLICE_ROWS rows.
 */
struct model_workspace {
    float *logits;      /* [rows][num_logits] */
    float *grad_logits; /* [rows][num_logits] */
    double *probs;      /* [rows][num_logits] */
    struct pass *pass;  /* of a network, of one slice */
};

bool model_workspace_create(const struct model *model, struct model_workspace *workspace,
                            struct error *error);
void model_workspace_destroy(struct model_workspace *workspace);

/*
 * The gradient of one slice of the linear model: writes (not adds) d(sum over the slice of loss *
 * loss_scale) / d(parameters) into grad [num_parameters], padding zero, and returns the sum of the
 * losses. rows[i] points to D pixel values; num_rows <= MODEL_SLICE_ROWS.  For the mean over a
 * batch of B rows, loss_scale is 1 / B.  next [num_rows], or NULL, are the rows of the following
 * call: a hint, so that they need not come from memory then.
 */
double model_compute_gradient(const struct model *model, const uint8_t *const *rows,
                              const uint8_t *const *next, const uint32_t *labels, size_t num_rows,
                              float loss_scale, struct model_workspace *workspace, float *grad);

/*
 * The sum of the losses of logits [num_rows][num_logits].  Unless grad_logits is NULL, they are the
 * training's, with smoothed labels and weights of classes, and the gradient of loss * loss_scale by
 * the logits is written to it.  probs [num_rows][num_logits] is scratch.
 */
double model_loss(const struct model *model, const float *logits, const uint32_t *labels,
                  size_t num_rows, double loss_scale, double *probs, float *grad_logits);

/*
 * What the model says of up to MODEL_SLICE_ROWS rows.  Any output may be NULL:
 * predictions [num_rows] class indices (ties go to the lower index);
 * scores [num_rows][C]: probabilities, or negative distances for nearest-mean;
 * *loss_sum: the sum of losses against labels (NAN for nearest-mean).
 */
void model_evaluate(const struct model *model, const uint8_t *const *rows, const uint32_t *labels,
                    size_t num_rows, struct model_workspace *workspace, uint32_t *predictions,
                    float *scores, double *loss_sum);

/* "probability", "negative mean absolute difference", "negative root mean square difference". */
const char *model_scores_meaning(const struct model *model);

#endif
