#include "report/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"
#include "formats/file/atomic_file.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/markup.h"

/* ---- the head of a single run's page ---- */

/* One of the first figures: what it is, how much, and what goes with it. */
static void report_write_head(FILE *stream, const char *name, const char *value, const char *small)
{
    fprintf(stream,
            "<div><dt>%s</dt><dd><span class=\"big\">%s</span><br><span class=\"small\">%s"
            "</span></dd></div>\n",
            name, value, small);
}

static const char *report_interval(char small[PAGE_TEXT_SIZE], struct interval interval)
{
    char range[PAGE_TEXT_SIZE];

    return text_format(small, PAGE_TEXT_SIZE, "%s%s",
                       isfinite(interval.low) ? "95 % interval " : "", page_range(range, interval));
}

/* The accuracy without any look at images: of always the class that is most frequent here. */
static double report_find_baseline(const struct figures *figures)
{
    uint64_t most = 0;

    for (size_t c = 0; c < figures->num_classes; c++)
        if (figures->classes[c].num_samples > most)
            most = figures->classes[c].num_samples;
    return figures->num_samples > 0 ? (double)most / (double)figures->num_samples : NAN;
}

/* Accuracies with what they are to be compared with. */
static void report_write_accuracies(const struct section *section)
{
    const struct figures *figures = section->run->figures;
    FILE *stream = section->stream;
    char value[PAGE_TEXT_SIZE], small[PAGE_TEXT_SIZE], base[PAGE_TEXT_SIZE];

    report_write_head(stream, "Accuracy", page_percent(value, figures->values[FIGURE_ACCURACY]),
                      TEXT("%s<br>always one class: %s",
                           report_interval(small, figures->intervals[FIGURE_ACCURACY]),
                           page_percent(base, report_find_baseline(figures))));
    report_write_head(stream, "Balanced accuracy",
                      page_percent(value, figures->values[FIGURE_BALANCED_ACCURACY]),
                      TEXT("%s<br>mean of the classes’ recalls",
                           report_interval(small, figures->intervals[FIGURE_BALANCED_ACCURACY])));
}

static void report_write_heads(const struct section *section)
{
    const struct figures *figures = section->run->figures;
    FILE *stream = section->stream;
    char value[PAGE_TEXT_SIZE], small[PAGE_TEXT_SIZE], correct[PAGE_TEXT_SIZE];
    double loss = figures->values[FIGURE_LOSS];

    fputs("<dl class=\"heads\">\n", stream);
    report_write_accuracies(section);
    if (figures->top_k > 0)
        report_write_head(stream, TEXT("Top-%zu accuracy", figures->top_k),
                          page_percent(value, figures->values[FIGURE_TOP_K_ACCURACY]),
                          report_interval(small, figures->intervals[FIGURE_TOP_K_ACCURACY]));
    if (loss == loss)
        report_write_head(stream, "Loss", page_real(value, loss, 4),
                          section->run->file->model.spec.loss == LOSS_MAE
                              ? "mean of 1 − p(true class)"
                              : "mean cross-entropy");
    report_write_head(stream, "Mistakes",
                      page_count(value, figures->num_samples - figures->num_correct),
                      TEXT("of %s samples", page_count(correct, figures->num_samples)));
    fputs("</dl>\n", stream);
}

/* "A network of conv1, ..." is for the weights' section: here is what makes a sentence. */
static void report_write_lede(const struct section *section)
{
    const struct checkpoint *checkpoint = &section->run->file->checkpoint;
    const struct image_shape *image = store_image_shape(section->store);
    const char *chosen_by = model_file_chosen_by(section->run->file);
    FILE *stream = section->stream;
    char count[PAGE_TEXT_SIZE];
    enum model_kind kind = section->run->file->model.spec.kind;

    fprintf(stream, "<p class=\"lede\">%s of %zu classes, %s <span class=\"mono\">",
            kind == MODEL_LINEAR         ? "A linear model"
            : kind == MODEL_NEAREST_MEAN ? "The means"
                                         : "A network",
            checkpoint->classes.count,
            kind == MODEL_NEAREST_MEAN ? "of which the nearest is predicted, from"
                                       : "from checkpoint");
    markup_text(stream, section->run->file->path);
    fputs("</span>", stream);
    if (kind != MODEL_NEAREST_MEAN)
        fprintf(stream, " after %" PRIu64 " %s", checkpoint->epoch,
                page_plural(checkpoint->epoch, "epoch", "epochs"));
    fprintf(stream, ", on the %s %s images (%zu × %zu %s) of the %s split of ",
            page_count(count, section->run->num_samples), image->channels == 1 ? "gray" : "color",
            image->height, image->width, page_plural(image->width, "pixel", "pixels"),
            split_names[section->request->split]);
    fputs("<span class=\"mono\">", stream);
    markup_text(stream, section->request->store_path);
    fputs("</span>.", stream);
    if (chosen_by && section->request->split == SPLIT_VALID)
        fprintf(stream,
                " The checkpoint was chosen by its %s on this split, so its figures here are "
                "optimistic.",
                strcmp(chosen_by, "valid_loss") == 0 ? "loss" : "accuracy");
    if (section->request->split == SPLIT_TRAIN)
        fputs(" It was trained on these images: elsewhere it will do worse.", stream);
    if (section->run->num_unknown > 0)
        fprintf(stream, " %s images of classes that it does not know are left out.",
                page_count(count, section->run->num_unknown));
    fputs("</p>\n", stream);
}

static const struct {
    const char *id, *title;
} contents[] = {
    {"curves", "Learning curves"}, {"confusion", "Confusion"},     {"classes", "Classes"},
    {"mistakes", "Mistakes"},      {"scores", "Scores"},           {"calibration", "Calibration"},
    {"samples", "Samples"},        {"weights", "What it learned"}, {"health", "The data"},
    {"settings", "Settings"},
};

/* The list of contents names the sections that the body, already written, has. */
static void report_write_contents(FILE *stream, const char *body)
{
    fputs("<nav aria-label=\"Contents\"><ul>\n", stream);
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
        if (strstr(body, TEXT("<section id=\"%s\"", contents[i].id)))
            fprintf(stream, "<li><a href=\"#%s\">%s</a></li>\n", contents[i].id, contents[i].title);
    fputs("</ul></nav>\n", stream);
}

static bool report_write_sections(const struct section *section)
{
    return section_write_curves(section) && section_write_confusion(section) &&
           section_write_classes(section) && section_write_mistakes(section) &&
           section_write_scores(section) && section_write_calibration(section) &&
           section_write_samples(section) && section_write_weights(section) &&
           section_write_health(section) && section_write_settings(section);
}

static bool report_write_run(const struct section *section)
{
    struct section body = *section;
    char *bytes = NULL, name[512];
    size_t nbytes = 0;
    bool ok;

    body.stream = open_memstream(&bytes, &nbytes);
    if (!body.stream)
        return error_set_memory(section->error, REPORT_MAX_NBYTES);
    ok = report_write_sections(&body);
    if (fclose(body.stream) != 0)
        ok = error_set_memory(section->error, nbytes);
    if (ok) {
        section_run_name(section->run, name, sizeof(name));
        page_begin(section->stream, "quern report",
                   TEXT("%s on %s", SECTION_NAME(name),
                        SECTION_NAME(file_base_name(section->request->store_path))));
        report_write_lede(section);
        report_write_heads(section);
        report_write_contents(section->stream, bytes);
        page_begin_main(section->stream);
        fwrite(bytes, 1, nbytes, section->stream);
    }
    free(bytes);
    return ok;
}

/* ---- the file ---- */

static bool report_save(const struct report_request *request, const char *bytes, size_t nbytes,
                        struct error *error)
{
    struct atomic_file file = {0};
    bool ok =
        atomic_file_begin(&file, request->output, FILE_KIND_REPORT, request->is_forced, error) &&
        file_write(file.descriptor, request->output, bytes, nbytes, error) &&
        atomic_file_commit_unsealed(&file, error);

    atomic_file_abandon(&file);
    return ok;
}

static bool report_write_page(struct section *section, const struct report_run *runs,
                              size_t num_runs)
{
    if (num_runs == 1)
        return report_write_run(section);
    page_begin(section->stream, "quern report",
               TEXT("%zu runs on %s", num_runs,
                    SECTION_NAME(file_base_name(section->request->store_path))));
    return section_write_comparison(section, runs, num_runs);
}

bool report_write(const struct report_request *request, const struct report_run *runs,
                  size_t num_runs, struct error *error)
{
    /* The evaluation has checked every byte of the store. */
    const struct store_checks checks = {.skip_seal = true, .num_threads = request->num_threads};
    struct section section = {.request = request, .run = &runs[0], .error = error};
    char *bytes = NULL;
    size_t nbytes = 0;
    bool ok = store_open_with(request->store_path, &checks, &section.store, error);

    if (!ok)
        return false;
    section.stream = open_memstream(&bytes, &nbytes);
    ok = section.stream || error_set_memory(error, REPORT_MAX_NBYTES);
    ok = ok && report_write_page(&section, runs, num_runs);
    if (ok)
        page_end(section.stream);
    if (section.stream && fclose(section.stream) != 0)
        ok = error_set_memory(error, REPORT_MAX_NBYTES);
    if (ok && nbytes > REPORT_MAX_NBYTES)
        ok = error_set(error, STATUS_INTERNAL, ERROR_AT(.file = request->output),
                       "the report would have %zu bytes", nbytes);
    ok = ok && report_save(request, bytes, nbytes, error);
    free(bytes);
    store_close(section.store);
    return ok;
}
