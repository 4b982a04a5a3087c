#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/markup.h"

enum {
    MAX_PICTURES = 24,
    PICTURES_NBYTES = 350000,
    PICTURE_SIDE = 112,
    MAX_PATH = 160,
};

/* Runs on the same samples; section->run is the best of them. */
struct agreement {
    const struct section *section;
    const struct report_run *runs;
    size_t num_runs;
};

static size_t agreement_count_wrong(const struct agreement *agreement, uint64_t sample)
{
    size_t num_wrong = 0;

    for (size_t i = 0; i < agreement->num_runs; i++)
        num_wrong += agreement->runs[i].labels[sample] != agreement->runs[i].predictions[sample];
    return num_wrong;
}

/*
 * How many of each class are shown, shares [C]: one of each class after another, until there are
 * MAX_PICTURES or no more.  num_wrong [C] is how many samples of a class all runs get wrong.
 */
static void agreement_share_pictures(const uint64_t *num_wrong, size_t num_classes,
                                     uint64_t *shares)
{
    size_t count = 0;
    bool has_more = true;

    while (has_more && count < MAX_PICTURES) {
        has_more = false;
        for (size_t c = 0; c < num_classes && count < MAX_PICTURES; c++) {
            if (shares[c] == num_wrong[c])
                continue;
            shares[c]++;
            count++;
            has_more = true;
        }
    }
}

/* Samples [MAX_PICTURES] that all runs get wrong, of as many classes as there are. */
static bool agreement_choose_samples(const struct agreement *agreement, uint64_t *samples,
                                     size_t *count)
{
    const struct report_run *best = agreement->section->run;
    struct error *error = agreement->section->error;
    size_t num_classes = best->figures->num_classes;
    uint64_t *num_wrong = NULL, *shares = NULL;
    bool ok = memory_allocate(&num_wrong, num_classes, sizeof(*num_wrong), error) &&
              memory_allocate(&shares, num_classes, sizeof(*shares), error);

    *count = 0;
    for (uint64_t i = 0; i < best->num_samples && ok; i++)
        num_wrong[best->labels[i]] += agreement_count_wrong(agreement, i) == agreement->num_runs;
    if (ok)
        agreement_share_pictures(num_wrong, num_classes, shares);
    for (uint64_t i = 0; i < best->num_samples && ok; i++) {
        uint64_t *share = &shares[best->labels[i]];

        if (*share > 0 && agreement_count_wrong(agreement, i) == agreement->num_runs) {
            samples[(*count)++] = i;
            (*share)--;
        }
    }
    free(shares);
    free(num_wrong);
    return ok;
}

static bool agreement_write_path(const struct section *section, uint64_t row)
{
    char *path = NULL;
    bool ok = store_read_path(section->store, section->request->split, row, &path, section->error);

    if (ok) {
        fputs("<span class=\"path\">", section->stream);
        markup_text_cut(section->stream, path, MAX_PATH);
        fputs("</span>", section->stream);
    }
    free(path);
    return ok;
}

static bool agreement_write_pictures(const struct agreement *agreement, const uint64_t *samples,
                                     size_t count)
{
    const struct section *section = agreement->section;
    const struct report_run *best = agreement->section->run;
    struct section_pictures pictures = {0};
    bool ok = section_pictures_create(&pictures, count, section->error);

    for (size_t i = 0; i < count && ok; i++)
        ok = section_read_picture(section, section->request->split, best->rows[samples[i]],
                                  SECTION_DENSITY * PICTURE_SIDE, &pictures.rasters[i]);
    ok = ok && section_pictures_encode(&pictures, PICTURE_SIDE, PICTURES_NBYTES, section->error);
    if (ok)
        fputs("<ol class=\"cards\">\n", section->stream);
    for (size_t i = 0; i < count && ok; i++) {
        const struct text_list *classes = &best->file->checkpoint.classes;
        const char *label = classes->items[best->labels[samples[i]]];
        const char *prediction = classes->items[best->predictions[samples[i]]];

        fputs("<li><figure>", section->stream);
        section_picture_write(section->stream, &pictures, i,
                              TEXT("%s that the best run predicted as %s", SECTION_NAME(label),
                                   SECTION_NAME(prediction)));
        fputs("<figcaption><span class=\"truth\">is <b>", section->stream);
        markup_text_cut(section->stream, label, 40);
        fputs("</b></span><br>best run: ", section->stream);
        markup_text_cut(section->stream, prediction, 40);
        ok = agreement_write_path(section, best->rows[samples[i]]);
        fputs("</figcaption></figure></li>\n", section->stream);
    }
    if (ok)
        fputs("</ol>\n", section->stream);
    section_pictures_destroy(&pictures);
    return ok;
}

bool section_write_agreement(const struct section *section, const struct report_run *runs,
                             size_t num_runs)
{
    const struct agreement agreement = {section, runs, num_runs};
    uint64_t count = runs[0].num_samples, num_right = 0, num_wrong = 0;
    uint64_t samples[MAX_PICTURES];
    char right[PAGE_TEXT_SIZE], wrong[PAGE_TEXT_SIZE], some[PAGE_TEXT_SIZE];
    size_t num_shown;
    bool ok;

    for (uint64_t i = 0; i < count; i++) {
        size_t number = agreement_count_wrong(&agreement, i);

        num_right += number == 0;
        num_wrong += number == num_runs;
    }
    ok = agreement_choose_samples(&agreement, samples, &num_shown);
    page_begin_section(section->stream, "mistakes", "Where the runs agree");
    fprintf(section->stream,
            "<p>Every run is right on %s samples and wrong on %s; on %s some are "
            "right.%s</p>\n",
            page_count(right, num_right), page_count(wrong, num_wrong),
            page_count(some, count - num_right - num_wrong),
            num_wrong > num_shown
                ? TEXT(" Of those that all get wrong, %zu from all classes:", num_shown)
            : num_wrong > 0 ? " Those that all get wrong:"
                            : "");
    if (num_shown > 0)
        ok = ok && agreement_write_pictures(&agreement, samples, num_shown);
    page_end_section(section->stream);
    return ok;
}
