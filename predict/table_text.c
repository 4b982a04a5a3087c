#include <math.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "predict/table.h"

/* ---- CSV ---- */

/* A field of RFC 4180: in quotes where it holds a comma, a quote or the end of a line. */
static void table_print_field(const char *field, FILE *text)
{
    if (!strpbrk(field, ",\"\r\n")) {
        fputs(field, text);
        return;
    }
    fputc('"', text);
    for (; *field; field++) {
        if (*field == '"')
            fputc('"', text);
        fputc(*field, text);
    }
    fputc('"', text);
}

/* Nine digits tell any two floats apart. */
static void table_print_score(float score, FILE *text)
{
    fprintf(text, "%.9g", (double)score);
}

void table_print_header(const struct table_plan *plan, FILE *text)
{
    fputs("path,class,probability", text);
    for (size_t i = 1; i <= plan->num_top; i++)
        fprintf(text, ",class_%zu,score_%zu", i, i);
    for (size_t c = 0; plan->num_top == 0 && c < plan->classes->count; c++) {
        fputc(',', text);
        table_print_field(TEXT("score_%s", plan->classes->items[c]), text);
    }
    fputs(",error\r\n", text);
}

/* The best class that comes after another in the order of scores, and of classes where these are
 * equal; previous is num_classes at first. */
static size_t table_next_best(const float *scores, size_t num_classes, size_t previous)
{
    size_t best = num_classes;

    for (size_t c = 0; c < num_classes; c++) {
        bool is_after = previous == num_classes || scores[c] < scores[previous] ||
                        (scores[c] == scores[previous] && c > previous);

        if (is_after && (best == num_classes || scores[c] > scores[best]))
            best = c;
    }
    return best;
}

static void table_print_csv(const struct table_plan *plan, const struct table_row *row, FILE *text)
{
    size_t num_classes = plan->classes->count, best = num_classes;

    table_print_field(row->name, text);
    fputc(',', text);
    if (!row->reason)
        table_print_field(plan->classes->items[row->prediction], text);
    fputc(',', text);
    if (!row->reason && plan->are_probabilities)
        table_print_score(row->scores[row->prediction], text);
    for (size_t i = 0; i < plan->num_top; i++) {
        fputc(',', text);
        if (!row->reason) {
            best = table_next_best(row->scores, num_classes, best);
            table_print_field(plan->classes->items[best], text);
        }
        fputc(',', text);
        if (!row->reason)
            table_print_score(row->scores[best], text);
    }
    for (size_t c = 0; plan->num_top == 0 && c < num_classes; c++) {
        fputc(',', text);
        if (!row->reason)
            table_print_score(row->scores[c], text);
    }
    fputc(',', text);
    if (row->reason)
        table_print_field(row->reason, text);
    fputs("\r\n", text);
}

/* ---- JSON lines ---- */

static void table_print_json_scores(const struct table_plan *plan, const struct table_row *row,
                                    struct json *json)
{
    size_t num_classes = plan->classes->count, best = num_classes;

    if (plan->num_top == 0) {
        json_begin_object(json, "scores");
        for (size_t c = 0; c < num_classes; c++)
            json_float(json, plan->classes->items[c], row->scores[c]);
        json_end_object(json);
        return;
    }
    json_begin_array(json, "top");
    for (size_t i = 0; i < plan->num_top; i++) {
        best = table_next_best(row->scores, num_classes, best);
        json_begin_object(json, NULL);
        json_string(json, "class", plan->classes->items[best]);
        json_float(json, "score", row->scores[best]);
        json_end_object(json);
    }
    json_end_array(json);
}

static void table_print_jsonl(const struct table_plan *plan, const struct table_row *row,
                              FILE *text)
{
    struct json json = {.stream = text};

    json_begin_object(&json, NULL);
    json_string(&json, "path", row->name);
    if (row->reason) {
        json_null(&json, "class");
        json_string(&json, "error", row->reason);
    } else {
        json_string(&json, "class", plan->classes->items[row->prediction]);
        if (plan->are_probabilities)
            json_float(&json, "probability", row->scores[row->prediction]);
        else
            json_null(&json, "probability");
        table_print_json_scores(plan, row, &json);
    }
    json_end_object(&json);
    fputc('\n', text);
}

void table_print_row(const struct table_plan *plan, const struct table_row *row, FILE *text)
{
    if (plan->kind == TABLE_CSV)
        table_print_csv(plan, row, text);
    else if (plan->kind == TABLE_JSONL)
        table_print_jsonl(plan, row, text);
}
