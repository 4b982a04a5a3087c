#include "report/page.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/checksum.h"
#include "common/text.h"
#include "report/style.h"
#include "view/svg/markup.h"

/* ---- the frame ---- */

/* The style sheet's SHA-256 in base64: the policy allows what has it. */
static void page_write_style_hash(FILE *stream)
{
    struct sha256 hash;
    char digits[65];
    uint8_t bytes[32];

    sha256_begin(&hash);
    sha256_add(&hash, style_sheet, strlen(style_sheet));
    sha256_finish(&hash, digits);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        const char pair[] = {digits[2 * i], digits[2 * i + 1], '\0'};

        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    base64_write(stream, bytes, sizeof(bytes));
}

void page_begin(FILE *stream, const char *over, const char *title)
{
    /* By the first line programs know a report (formats/file/file_kind.c). */
    fputs("<!DOCTYPE html><!--quern report 1-->\n<html lang=\"en\">\n<head>\n"
          "<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src "
          "data:; style-src 'sha256-",
          stream);
    page_write_style_hash(stream);
    fputs("'; base-uri 'none'; form-action 'none'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta name=\"referrer\" content=\"no-referrer\">\n"
          "<meta name=\"generator\" content=\"quern " QUERN_VERSION "\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n<title>",
          stream);
    markup_text(stream, title);
    fprintf(stream,
            "</title>\n<style>%s</style>\n</head>\n<body>\n"
            "<a class=\"skip\" href=\"#main\">Skip to the figures</a>\n"
            "<header>\n<p class=\"over\">",
            style_sheet);
    markup_text(stream, over);
    fputs("</p>\n<h1>", stream);
    markup_text(stream, title);
    fputs("</h1>\n", stream);
}

void page_begin_main(FILE *stream)
{
    fputs("</header>\n<main id=\"main\">\n", stream);
}

void page_end(FILE *stream)
{
    fputs("</main>\n<footer>\n<p>Written by quern-evaluate " QUERN_VERSION
          ". Intervals in this report hold the true value with a confidence of 95 %, as far as "
          "samples are drawn at random.</p>\n</footer>\n</body>\n</html>\n",
          stream);
}

void page_begin_section(FILE *stream, const char *id, const char *title)
{
    fprintf(stream, "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">%s</h2>\n", id,
            id, id, title);
}

void page_end_section(FILE *stream)
{
    fputs("</section>\n", stream);
}

void page_begin_table(FILE *stream, const char *class, const char *caption, const char *note)
{
    if (note)
        fprintf(stream, "<p class=\"note\">%s</p>\n", note);
    fprintf(stream,
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n"
            "<table%s%s%s>\n<caption>%s</caption>\n",
            caption, *class ? " class=\"" : "", class, *class ? "\"" : "", caption);
}

void page_end_table(FILE *stream)
{
    fputs("</table>\n</div>\n", stream);
}

void page_row(FILE *stream, const char *name, const char *value)
{
    fputs("<tr><th scope=\"row\">", stream);
    markup_text(stream, name);
    fputs("</th><td class=\"value\">", stream);
    markup_text(stream, value);
    fputs("</td></tr>\n", stream);
}

/* ---- numbers as texts ---- */

const char *page_percent(char buffer[PAGE_TEXT_SIZE], double share)
{
    if (!isfinite(share))
        return text_format(buffer, PAGE_TEXT_SIZE, "–");
    if (share == 1)
        return text_format(buffer, PAGE_TEXT_SIZE, "100 %%");
    return text_format(buffer, PAGE_TEXT_SIZE, "%.2f %%", 100 * share);
}

const char *page_real(char buffer[PAGE_TEXT_SIZE], double value, int num_decimals)
{
    if (isnan(value))
        return text_format(buffer, PAGE_TEXT_SIZE, "–");
    if (isinf(value))
        return text_format(buffer, PAGE_TEXT_SIZE, "infinite");
    return text_format(buffer, PAGE_TEXT_SIZE, "%.*f", num_decimals, value);
}

const char *page_count(char buffer[PAGE_TEXT_SIZE], uint64_t count)
{
    return text_group_digits(buffer, PAGE_TEXT_SIZE, count);
}

const char *page_range(char buffer[PAGE_TEXT_SIZE], struct interval interval)
{
    if (!isfinite(interval.low) || !isfinite(interval.high))
        return text_format(buffer, PAGE_TEXT_SIZE, "%s", "");
    return text_format(buffer, PAGE_TEXT_SIZE, "%.1f to %.1f %%", 100 * interval.low,
                       100 * interval.high);
}

const char *page_plural(uint64_t count, const char *one, const char *others)
{
    return count == 1 ? one : others;
}

void page_cell(FILE *stream, const char *text)
{
    fprintf(stream, "<td class=\"n\">%s</td>", text);
}

void page_percent_cell(FILE *stream, double share, struct interval interval)
{
    char text[PAGE_TEXT_SIZE];

    fprintf(stream, "<td class=\"n\">%s", page_percent(text, share));
    if (*page_range(text, interval))
        fprintf(stream, " <span class=\"range\">%s</span>", text);
    fputs("</td>", stream);
}
