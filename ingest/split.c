#include "ingest/split.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"
#include "common/text.h"
#include "formats/store/store.h"
#include "images/sources/webdataset.h"

/* One image that is shared out. */
struct split_sample {
    uint64_t key; /* the hash by which it is drawn: equal in a group */
    uint32_t label;
    uint32_t index;
};

/* Samples of one key, which lie together. */
struct split_group {
    size_t first;
    uint32_t count;
};

struct split_work {
    const struct split_rules *rules;
    const struct split_images *images;
    uint8_t *splits;
    struct split_sample *samples; /* [num_samples] by key, label and index */
    size_t num_samples;
    struct split_group *groups; /* [num_groups] in the order of their keys */
    size_t num_groups;
    uint64_t *class_sizes;         /* [C] */
    uint64_t *num_left;            /* [C] in train */
    uint64_t *targets[NUM_SPLITS]; /* [C] */
    uint64_t *taken[NUM_SPLITS];   /* [C] */
    struct error *error;
};

/* ---- keys ---- */

static bool split_compile(const char *expression, regex_t *compiled, struct error *error)
{
    char reason[200];
    int code = regcomp(compiled, expression, REG_EXTENDED);

    if (code == 0)
        return true;
    regerror(code, compiled, reason, sizeof(reason));
    return error_set(error, STATUS_USAGE,
                     ERROR_AT(.expected = "a POSIX extended regular expression",
                              .found = TEXT("'%.150s': %s", expression, reason)),
                     "--group-by");
}

bool split_check_group_by(const char *expression, struct error *error)
{
    regex_t compiled;

    if (!split_compile(expression, &compiled, error))
        return false;
    regfree(&compiled);
    return true;
}

/* The part of a path that names its group: what the first parentheses matched, else all that the
 * expression did.  False: it does not match. */
static bool split_find_group(const regex_t *expression, const char *path, const char **group,
                             size_t *length)
{
    regmatch_t matches[2];
    const regmatch_t *match = &matches[expression->re_nsub > 0 ? 1 : 0];

    if (regexec(expression, path, 2, matches, 0) != 0 || match->rm_so < 0)
        return false;
    *group = path + match->rm_so;
    *length = (size_t)(match->rm_eo - match->rm_so);
    return true;
}

static uint64_t split_hash_path(const struct split_work *work, size_t index)
{
    const char *path = work->images->paths[index];
    const char *slash = work->images->have_split_names ? strchr(path, '/') : NULL;

    if (slash)
        path = slash + 1;
    return random_hash(work->rules->seed, path, strlen(path));
}

static uint64_t split_hash_content(const struct split_work *work, size_t index)
{
    uint64_t content = work->images->contents[index];
    uint8_t bytes[8];

    if (content == 0)
        return split_hash_path(work, index);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(content >> 8 * i);
    return random_hash(work->rules->seed, bytes, sizeof(bytes));
}

/* The first image of those with the key of one; first is that of the image before. */
static size_t split_find_first_of_key(const struct split_images *images, size_t index, size_t first)
{
    const char *path = images->paths[index], *before = images->paths[first];
    size_t length = webdataset_key_length(path);

    return images->are_keyed && length == webdataset_key_length(before) &&
                   strncmp(path, before, length) == 0
               ? first
               : index;
}

static uint64_t split_make_key(const struct split_work *work, const regex_t *expression,
                               size_t index, size_t first_of_key, struct split_outcome *outcome)
{
    const char *group;
    size_t length;

    if (work->rules->by_content && work->images->contents)
        return split_hash_content(work, index);
    if (!expression)
        return split_hash_path(work, first_of_key);
    if (split_find_group(expression, work->images->paths[index], &group, &length))
        return random_hash(work->rules->seed, group, length);
    outcome->num_unmatched++;
    return split_hash_path(work, index);
}

static int split_compare_samples(const void *a, const void *b)
{
    const struct split_sample *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    if (left->label != right->label)
        return left->label < right->label ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

static bool split_list_samples(struct split_work *work, struct split_outcome *outcome)
{
    const struct split_images *images = work->images;
    const char *group_by = work->rules->group_by;
    size_t first_of_key = 0;
    regex_t expression;

    if (images->count > UINT32_MAX)
        return error_set(work->error, STATUS_DATA, NULL, "more than 4,294,967,295 images");
    if (!memory_allocate_unset(&work->samples, images->count, sizeof(*work->samples),
                               work->error) ||
        (group_by && !split_compile(group_by, &expression, work->error)))
        return false;
    for (size_t i = 0; i < images->count; i++) {
        first_of_key = split_find_first_of_key(images, i, first_of_key);
        if (images->labels[i] == SPLIT_NO_LABEL || work->splits[i] != SPLIT_TRAIN)
            continue;
        work->samples[work->num_samples++] = (struct split_sample){
            split_make_key(work, group_by ? &expression : NULL, i, first_of_key, outcome),
            images->labels[i], (uint32_t)i};
        work->class_sizes[images->labels[i]]++;
        work->num_left[images->labels[i]]++;
    }
    if (group_by)
        regfree(&expression);
    if (group_by && work->num_samples > 0 && outcome->num_unmatched == work->num_samples)
        return error_set(work->error, STATUS_USAGE,
                         ERROR_AT(.found = TEXT("'%.200s' for paths such as %.300s", group_by,
                                                images->paths[work->samples[0].index])),
                         "--group-by matches no path of an image");
    if (work->num_samples > 1)
        qsort(work->samples, work->num_samples, sizeof(*work->samples), split_compare_samples);
    return true;
}

static bool split_list_groups(struct split_work *work)
{
    if (!memory_allocate_unset(&work->groups, work->num_samples, sizeof(*work->groups),
                               work->error))
        return false;
    for (size_t i = 0; i < work->num_samples; i++) {
        if (i == 0 || work->samples[i].key != work->samples[i - 1].key)
            work->groups[work->num_groups++] = (struct split_group){i, 0};
        work->groups[work->num_groups - 1].count++;
    }
    return true;
}

/* ---- fractions ---- */

static void split_set_targets(struct split_work *work)
{
    const struct split_rules *rules = work->rules;
    const double fractions[NUM_SPLITS] = {
        [SPLIT_VALID] = rules->num_folds == 0 && rules->has_valid ? rules->valid_fraction : 0,
        [SPLIT_TEST] = rules->has_test ? rules->test_fraction : 0};

    for (size_t label = 0; label < work->images->num_classes; label++) {
        uint64_t size = work->class_sizes[label], left = size > 0 ? size - 1 : 0;

        for (int s = SPLIT_VALID; s < NUM_SPLITS; s++) {
            uint64_t target = (uint64_t)((double)size * fractions[s] + 0.5);

            work->targets[s][label] = target < left ? target : left;
            left -= work->targets[s][label];
        }
    }
}

/* The samples of one class in a group. */
struct split_run {
    uint32_t label;
    uint64_t count;
};

/* The next run of a group from *at on; false at its end. */
static bool split_next_run(const struct split_work *work, const struct split_group *group,
                           uint32_t *at, struct split_run *run)
{
    const struct split_sample *samples = work->samples + group->first;
    uint32_t begin = *at;

    if (begin == group->count)
        return false;
    while (*at < group->count && samples[*at].label == samples[begin].label)
        ++*at;
    *run = (struct split_run){samples[begin].label, *at - begin};
    return true;
}

/* Is there room for all of a group in what the split lacks? */
static bool split_fits(const struct split_work *work, const struct split_group *group, int split)
{
    struct split_run run;
    uint32_t at = 0;

    while (split_next_run(work, group, &at, &run)) {
        if (work->taken[split][run.label] + run.count > work->targets[split][run.label])
            return false;
    }
    return true;
}

/* Does each class keep an image in train without the group? */
static bool split_can_leave_train(const struct split_work *work, const struct split_group *group)
{
    struct split_run run;
    uint32_t at = 0;

    while (split_next_run(work, group, &at, &run)) {
        if (work->num_left[run.label] <= run.count)
            return false;
    }
    return true;
}

/* By how much a group brings a split nearer to its targets: squares of what it lacks of each class,
 * relative to the size of the class. */
static double split_find_gain(const struct split_work *work, const struct split_group *group,
                              int split)
{
    double gain = 0;
    struct split_run run;
    uint32_t at = 0;

    while (split_next_run(work, group, &at, &run)) {
        double lack =
            (double)work->targets[split][run.label] - (double)work->taken[split][run.label];
        double count = (double)run.count;

        gain += count * (2 * lack - count) / (double)work->class_sizes[run.label];
    }
    return gain;
}

static bool split_is_in_train(const struct split_work *work, const struct split_group *group)
{
    return work->splits[work->samples[group->first].index] == SPLIT_TRAIN;
}

static void split_move(struct split_work *work, const struct split_group *group, int split)
{
    for (uint32_t i = 0; i < group->count; i++) {
        const struct split_sample *sample = &work->samples[group->first + i];

        work->splits[sample->index] = (uint8_t)split;
        work->num_left[sample->label]--;
        work->taken[split][sample->label]++;
    }
}

/* Goes through all groups once, from the front for valid, from the end for test. */
static void split_fill(struct split_work *work, int split, bool must_fit)
{
    for (size_t i = 0; i < work->num_groups; i++) {
        const struct split_group *group =
            &work->groups[split == SPLIT_VALID ? i : work->num_groups - 1 - i];

        if (split_is_in_train(work, group) && split_can_leave_train(work, group) &&
            (must_fit ? split_fits(work, group, split) : split_find_gain(work, group, split) > 0))
            split_move(work, group, split);
    }
}

/* A split that should have images gets a group, even if all are larger than what it should have. */
static void split_fill_empty(struct split_work *work, int split)
{
    const struct split_group *best = NULL;
    double best_gain = 0;
    uint64_t target = 0, taken = 0;

    for (size_t label = 0; label < work->images->num_classes; label++) {
        target += work->targets[split][label];
        taken += work->taken[split][label];
    }
    if (target == 0 || taken > 0)
        return;
    for (size_t i = 0; i < work->num_groups; i++) {
        const struct split_group *group = &work->groups[i];
        double gain = split_find_gain(work, group, split);

        if (split_is_in_train(work, group) && split_can_leave_train(work, group) &&
            (!best || gain > best_gain)) {
            best = group;
            best_gain = gain;
        }
    }
    if (best)
        split_move(work, best, split);
}

static void split_draw_fractions(struct split_work *work)
{
    split_set_targets(work);
    for (int s = SPLIT_VALID; s < NUM_SPLITS; s++)
        split_fill(work, s, true);
    for (int s = SPLIT_VALID; s < NUM_SPLITS; s++)
        split_fill(work, s, false);
    for (int s = SPLIT_VALID; s < NUM_SPLITS; s++)
        split_fill_empty(work, s);
}

/* ---- folds ---- */

/* The fold of each class's first image, so that classes of few images do not all lie in one. */
static uint64_t split_find_first_fold(const struct split_rules *rules, uint32_t label)
{
    const uint8_t bytes[4] = {(uint8_t)label, (uint8_t)(label >> 8), (uint8_t)(label >> 16),
                              (uint8_t)(label >> 24)};

    return random_hash(rules->seed, bytes, sizeof(bytes)) % rules->num_folds;
}

/* Fold k of n images in the order of their hashes holds those from n k / K to before
 * n (k + 1) / K. */
static void split_draw_single_fold(struct split_work *work, uint64_t *ranks)
{
    const struct split_rules *rules = work->rules;
    uint64_t num_folds = rules->num_folds;

    memset(ranks, 0, work->images->num_classes * sizeof(*ranks));
    for (size_t i = 0; i < work->num_samples; i++) {
        const struct split_sample *sample = &work->samples[i];
        uint64_t size = work->num_left[sample->label], rank, fold;

        if (work->splits[sample->index] != SPLIT_TRAIN)
            continue;
        rank = ranks[sample->label]++;
        fold = ((rank + 1) * num_folds - 1) / size; /* the k of n k / K <= rank < n (k + 1) / K */
        if ((fold + split_find_first_fold(rules, sample->label)) % num_folds + 1 == rules->fold)
            work->splits[sample->index] = SPLIT_VALID;
    }
}

static int split_compare_group_sizes(const void *a, const void *b)
{
    const struct split_group *left = a, *right = b;

    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left->first < right->first ? -1 : left->first > right->first;
}

/* The fold that has least of the classes of a group; of equal ones that with fewest images. */
static uint64_t split_choose_fold(const struct split_work *work, const struct split_group *group,
                                  const uint64_t *counts, const uint64_t *totals)
{
    size_t num_classes = work->images->num_classes;
    uint64_t best = 0;
    double least = 0;

    for (uint64_t fold = 0; fold < work->rules->num_folds; fold++) {
        double load = 0;
        struct split_run run;
        uint32_t at = 0;

        while (split_next_run(work, group, &at, &run))
            load += (double)run.count * (double)counts[fold * num_classes + run.label] /
                    (double)work->class_sizes[run.label];
        if (fold == 0 || load < least || (load == least && totals[fold] < totals[best])) {
            best = fold;
            least = load;
        }
    }
    return best;
}

static bool split_draw_group_folds(struct split_work *work)
{
    size_t num_classes = work->images->num_classes;
    uint64_t *counts, totals[SPLIT_MAX_FOLDS] = {0};

    if (!memory_allocate(&counts, work->rules->num_folds * num_classes, sizeof(*counts),
                         work->error))
        return false;
    qsort(work->groups, work->num_groups, sizeof(*work->groups), split_compare_group_sizes);
    for (size_t i = 0; i < work->num_groups; i++) {
        const struct split_group *group = &work->groups[i];
        uint64_t fold;

        if (!split_is_in_train(work, group))
            continue;
        fold = split_choose_fold(work, group, counts, totals);
        totals[fold] += group->count;
        for (uint32_t j = 0; j < group->count; j++) {
            const struct split_sample *sample = &work->samples[group->first + j];

            counts[fold * num_classes + sample->label]++;
            if (fold + 1 == work->rules->fold)
                work->splits[sample->index] = SPLIT_VALID;
        }
    }
    free(counts);
    return true;
}

static bool split_draw_folds(struct split_work *work)
{
    if (work->rules->group_by || work->rules->by_content || work->num_groups < work->num_samples)
        return split_draw_group_folds(work);
    split_draw_single_fold(work, work->targets[SPLIT_VALID]);
    return true;
}

/* ---- the whole ---- */

static bool split_allocate_counts(struct split_work *work)
{
    size_t num_classes = work->images->num_classes;
    bool ok = memory_allocate(&work->class_sizes, num_classes, sizeof(uint64_t), work->error) &&
              memory_allocate(&work->num_left, num_classes, sizeof(uint64_t), work->error);

    for (int s = SPLIT_VALID; s < NUM_SPLITS && ok; s++)
        ok = memory_allocate(&work->targets[s], num_classes, sizeof(uint64_t), work->error) &&
             memory_allocate(&work->taken[s], num_classes, sizeof(uint64_t), work->error);
    return ok;
}

bool split_draw(const struct split_rules *rules, const struct split_images *images, uint8_t *splits,
                struct split_outcome *outcome, struct error *error)
{
    struct split_work work = {.rules = rules, .images = images, .splits = splits, .error = error};
    bool ok;

    *outcome = (struct split_outcome){0};
    ok = split_allocate_counts(&work) && split_list_samples(&work, outcome) &&
         split_list_groups(&work);
    if (ok) {
        outcome->num_images = work.num_samples;
        outcome->num_groups = work.num_groups;
        split_draw_fractions(&work);
    }
    if (ok && rules->num_folds > 0)
        ok = split_draw_folds(&work);
    free(work.samples);
    free(work.groups);
    free(work.class_sizes);
    free(work.num_left);
    for (int s = SPLIT_VALID; s < NUM_SPLITS; s++) {
        free(work.targets[s]);
        free(work.taken[s]);
    }
    return ok;
}
