#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/markup.h"

enum {
    MAX_MISTAKES = 48,
    NUM_FIRST = 14,           /* two rows of a wide page; the others unfold */
    MISTAKES_NBYTES = 700000, /* of their pictures */
    MISTAKE_SIDE = 112,       /* pixels on the page, about */
    MAX_PATH = 160,
    MAX_NAME = 40,
};

struct mistake {
    uint64_t index; /* of the sample */
    float badness;  /* by how much the wrong class has the higher score */
};

/* Keeps the worst [MAX_MISTAKES], the worst first, of equal ones the first of the split. */
static void mistakes_insert(struct mistake *worst, size_t *count, struct mistake mistake)
{
    size_t at = *count;

    while (at > 0 && worst[at - 1].badness < mistake.badness)
        at--;
    if (at == MAX_MISTAKES)
        return;
    if (*count < MAX_MISTAKES)
        (*count)++;
    memmove(&worst[at + 1], &worst[at], (*count - 1 - at) * sizeof(*worst));
    worst[at] = mistake;
}

static size_t mistakes_find(const struct report_run *run, struct mistake *worst)
{
    size_t count = 0, num_classes = run->figures->num_classes;

    for (uint64_t i = 0; i < run->num_samples; i++) {
        const float *scores = run->scores + i * num_classes;

        if (run->labels[i] != run->predictions[i])
            mistakes_insert(
                worst, &count,
                (struct mistake){i, scores[run->predictions[i]] - scores[run->labels[i]]});
    }
    return count;
}

/* "p 0.9987"; of a distance what it is. */
static const char *mistakes_format_score(const struct section *section, float score, char *buffer)
{
    if (!model_has_gradient(&section->run->file->model))
        return text_format(buffer, PAGE_TEXT_SIZE, "%.5f away", -(double)score);
    if (score >= 0.0001F)
        return text_format(buffer, PAGE_TEXT_SIZE, "p %.4f", (double)score);
    return text_format(buffer, PAGE_TEXT_SIZE, "p %.0e", (double)score);
}

static void mistakes_write_card(const struct section *section, uint64_t index,
                                const struct section_pictures *pictures, size_t picture)
{
    const struct report_run *run = section->run;
    const float *scores = run->scores + index * run->figures->num_classes;
    uint32_t label = run->labels[index], prediction = run->predictions[index];
    FILE *stream = section->stream;
    char text[PAGE_TEXT_SIZE], alt[256];

    text_format(alt, sizeof(alt), "%s that was predicted as %s",
                SECTION_NAME(section_class_name(section, label)),
                SECTION_NAME(section_class_name(section, prediction)));
    fputs("<li><figure>\n", stream);
    section_picture_write(stream, pictures, picture, alt);
    fputs("\n<figcaption><span class=\"truth\">predicted <b>", stream);
    markup_text_cut(stream, section_class_name(section, prediction), MAX_NAME);
    fprintf(stream, "</b> <span class=\"whole\">%s</span></span><br>is <b>",
            mistakes_format_score(section, scores[prediction], text));
    markup_text_cut(stream, section_class_name(section, label), MAX_NAME);
    fprintf(stream, "</b> <span class=\"whole\">%s</span> <span class=\"path\">",
            mistakes_format_score(section, scores[label], text));
    markup_text_cut(stream, run->paths->items[index], MAX_PATH);
    fputs("</span></figcaption></figure></li>\n", stream);
}

static bool mistakes_write_cards(const struct section *section, const struct mistake *worst,
                                 size_t count)
{
    struct section_pictures pictures = {0};
    bool ok = section_pictures_create(&pictures, count, section->error);

    for (size_t i = 0; i < count && ok; i++)
        ok = section_read_picture(section, section->request->split,
                                  section->run->rows[worst[i].index],
                                  SECTION_DENSITY * MISTAKE_SIDE, &pictures.rasters[i]);
    ok = ok && section_pictures_encode(&pictures, MISTAKE_SIDE, MISTAKES_NBYTES, section->error);
    if (ok) {
        fputs("<ol class=\"cards\">\n", section->stream);
        for (size_t i = 0; i < count; i++) {
            if (i == NUM_FIRST)
                fprintf(section->stream,
                        "</ol>\n<details><summary>%zu more</summary>\n<ol class=\"cards\" "
                        "start=\"%zu\">\n",
                        count - i, i + 1);
            mistakes_write_card(section, worst[i].index, &pictures, i);
        }
        fprintf(section->stream, "</ol>%s\n", count > NUM_FIRST ? "</details>" : "");
    }
    section_pictures_destroy(&pictures);
    return ok;
}

bool section_write_mistakes(const struct section *section)
{
    const struct figures *figures = section->run->figures;
    uint64_t num_mistakes = figures->num_samples - figures->num_correct;
    struct mistake worst[MAX_MISTAKES];
    size_t count = mistakes_find(section->run, worst);
    char shown[PAGE_TEXT_SIZE], all[PAGE_TEXT_SIZE];
    bool ok = true;

    page_begin_section(section->stream, "mistakes", "Mistakes");
    if (count == 0) {
        fputs("<p>There are none.</p>\n", section->stream);
    } else {
        fprintf(section->stream,
                "<p>The worst first: those in which the wrong class is furthest ahead of the true "
                "one. %s of %s. Beside each class is %s.</p>\n",
                page_count(shown, count), page_count(all, num_mistakes),
                model_has_gradient(&section->run->file->model)
                    ? "its probability p by the model"
                    : "how far its mean is from the image");
        ok = mistakes_write_cards(section, worst, count);
    }
    page_end_section(section->stream);
    return ok;
}
