#include <quern/evaluation.h>

#include <stdlib.h>

#include "common/memory.h"
#include "formats/evaluation.h"
#include "library/quern/error_fill.h"

struct quern_evaluation {
    struct evaluation_contents contents;
};

QUERN_API bool quern_evaluation_open(const char *path, struct quern_evaluation **evaluation,
                                     struct quern_error *error)
{
    const struct evaluation_request request = {.with_scores = true, .with_paths = true};
    struct quern_evaluation *opened;
    struct error reason = {0};

    *evaluation = NULL;
    if (quern_error_holds(error))
        return false;
    if (!memory_allocate(&opened, 1, sizeof(*opened), &reason))
        return quern_error_fill(error, &reason);
    if (!evaluation_read(path, &request, &opened->contents, &reason)) {
        quern_evaluation_close(opened);
        return quern_error_fill(error, &reason);
    }
    *evaluation = opened;
    return true;
}

QUERN_API void quern_evaluation_close(struct quern_evaluation *evaluation)
{
    if (!evaluation)
        return;
    evaluation_free(&evaluation->contents);
    free(evaluation);
}

QUERN_API const char *quern_evaluation_split(const struct quern_evaluation *evaluation)
{
    return evaluation->contents.split;
}

QUERN_API const char *quern_evaluation_store_fingerprint(const struct quern_evaluation *evaluation)
{
    return evaluation->contents.store_fingerprint;
}

QUERN_API size_t quern_evaluation_num_classes(const struct quern_evaluation *evaluation)
{
    return evaluation->contents.classes.count;
}

QUERN_API const char *quern_evaluation_class(const struct quern_evaluation *evaluation,
                                             size_t label)
{
    const struct text_list *classes = &evaluation->contents.classes;

    return label < classes->count ? classes->items[label] : NULL;
}

QUERN_API uint64_t quern_evaluation_num_samples(const struct quern_evaluation *evaluation)
{
    return evaluation->contents.num_samples;
}

QUERN_API uint64_t quern_evaluation_num_correct(const struct quern_evaluation *evaluation)
{
    return evaluation->contents.num_correct;
}

QUERN_API const uint32_t *quern_evaluation_labels(const struct quern_evaluation *evaluation)
{
    return evaluation->contents.labels;
}

QUERN_API const uint32_t *quern_evaluation_predictions(const struct quern_evaluation *evaluation)
{
    return evaluation->contents.predictions;
}

QUERN_API const float *quern_evaluation_scores(const struct quern_evaluation *evaluation)
{
    return evaluation->contents.scores;
}

QUERN_API bool quern_evaluation_are_probabilities(const struct quern_evaluation *evaluation)
{
    return evaluation->contents.are_probabilities;
}

QUERN_API const char *const *quern_evaluation_paths(const struct quern_evaluation *evaluation)
{
    return (const char *const *)evaluation->contents.paths.items;
}
