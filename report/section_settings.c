#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"
#include "report/commands.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/markup.h"

enum { NAME_SIZE = 512, VALUE_SIZE = 4400, READ_NBYTES = 1 << 20 };

/* ---- settings ---- */

static void origins_write_config(const struct section *section)
{
    const struct checkpoint *checkpoint = &section->run->file->checkpoint;
    char value[VALUE_SIZE];

    page_begin_table(section->stream, "", "Configuration of the training", NULL);
    fputs("<tbody>\n", section->stream);
    for (size_t i = 0; i < checkpoint->config.count; i++)
        page_row(section->stream, checkpoint->config.items[i].name,
                 setting_format(&checkpoint->config.items[i], value, sizeof(value)));
    page_row(section->stream, "epochs asked for", TEXT("%" PRIu64, checkpoint->epochs));
    page_row(section->stream, "epochs done", TEXT("%" PRIu64, checkpoint->epoch));
    page_row(section->stream, "updates done", TEXT("%" PRIu64, checkpoint->step));
    fputs("</tbody>\n", section->stream);
    page_end_table(section->stream);
}

/* "valid-fraction=0.20000000000000001" as "=0.2": the shortest that is the same number. */
static void origins_shorten_fractions(const char *text, char *shortened, size_t size)
{
    static const char mark[] = "-fraction=";
    size_t used = 0;

    shortened[0] = '\0';
    while (used + 1 < size) {
        const char *at = strstr(text, mark);
        struct setting number = {.type = SETTING_REAL};
        char *end, digits[64];
        size_t length;

        if (at)
            number.real = strtod(at + strlen(mark), &end);
        if (!at || end == at + strlen(mark)) {
            text_format(shortened + used, size - used, "%s", text);
            return;
        }
        length = (size_t)(at - text) + strlen(mark);
        text_format(shortened + used, size - used, "%.*s%s", (int)length, text,
                    setting_format(&number, digits, sizeof(digits)));
        used += strlen(shortened + used);
        text = end;
    }
}

static bool origins_write_store(const struct section *section)
{
    const struct image_shape *image = store_image_shape(section->store);
    struct text_list decoders = {0};
    char text[VALUE_SIZE], shortened[VALUE_SIZE], digest[128], name[1024];
    bool ok = store_read_source_name(section->store, name, sizeof(name), section->error) &&
              store_read_image_decoders(section->store, &decoders, section->error);

    if (ok) {
        page_begin_table(section->stream, "", "How the store was made", NULL);
        fputs("<tbody>\n", section->stream);
        page_row(section->stream, "source", name);
        page_row(section->stream, "images",
                 TEXT("%zu × %zu, %s", image->height, image->width,
                      image->channels == 1 ? "gray" : "RGB"));
        ok = store_read_preparation(section->store, text, sizeof(text), section->error);
        page_row(section->stream, "preparation",
                 ok && *text ? text : "as they are: none was asked for");
        ok = ok && store_read_source(section->store, text, sizeof(text), digest, sizeof(digest),
                                     section->error);
        origins_shorten_fractions(ok ? text : "", shortened, sizeof(shortened));
        page_row(section->stream, "settings", shortened);
        for (size_t i = 0; i < decoders.count; i++)
            page_row(section->stream, "decoded by", decoders.items[i]);
        fputs("</tbody>\n", section->stream);
        page_end_table(section->stream);
    }
    text_list_free(&decoders);
    return ok;
}

/* ---- fingerprints ---- */

/* SHA-256 of a file, as sha256sum prints it. */
static bool origins_hash_file(const char *path, char digits[65], struct error *error)
{
    uint64_t nbytes = 0;
    struct sha256 hash;
    uint8_t *bytes = NULL;
    int descriptor = file_open(path, &nbytes, error);
    bool ok = descriptor >= 0 && memory_allocate(&bytes, READ_NBYTES, 1, error);

    sha256_begin(&hash);
    for (uint64_t offset = 0; offset < nbytes && ok; offset += READ_NBYTES) {
        size_t part = nbytes - offset < READ_NBYTES ? (size_t)(nbytes - offset) : READ_NBYTES;

        ok = file_read_at(descriptor, path, bytes, part, offset, error);
        if (ok)
            sha256_add(&hash, bytes, part);
    }
    sha256_finish(&hash, digits);
    free(bytes);
    file_close(&descriptor);
    return ok;
}

static bool origins_write_fingerprints(const struct section *section)
{
    const struct checkpoint *checkpoint = &section->run->file->checkpoint;
    bool is_same = strcmp(checkpoint->store_fingerprint, store_fingerprint(section->store)) == 0;
    char digits[65];

    if (!origins_hash_file(section->run->file->path, digits, section->error))
        return false;
    page_begin_table(section->stream, "values", "Fingerprints",
                     is_same ? "The checkpoint was trained on this store."
                             : "The checkpoint was trained on another store than this.");
    fputs("<tbody>\n", section->stream);
    page_row(section->stream, "fingerprint of the store", store_fingerprint(section->store));
    if (!is_same)
        page_row(section->stream, "fingerprint of the store of the training",
                 checkpoint->store_fingerprint);
    page_row(section->stream, "SHA-256 of the checkpoint", digits);
    fputs("</tbody>\n", section->stream);
    page_end_table(section->stream);
    return true;
}

/* ---- the commands ---- */

static bool origins_print_commands(const struct section *section, FILE *stream,
                                   struct text_list *notes)
{
    const struct checkpoint *checkpoint = &section->run->file->checkpoint;
    bool is_same = strcmp(checkpoint->store_fingerprint, store_fingerprint(section->store)) == 0;
    char run[NAME_SIZE];
    const struct commands_names names = {
        .store = file_base_name(section->request->store_path),
        .run = section_run_name(section->run, run, sizeof(run)),
        .report = file_base_name(section->request->output),
    };
    struct commands_names training = names;

    if (!commands_print_ingest(stream, section->store, &names, notes, section->error))
        return false;
    if (!is_same) {
        training.store = "TRAINING_STORE.h5";
        text_list_add(notes,
                      "TRAINING_STORE.h5: the store of the other fingerprint above, which is not "
                      "at hand here",
                      section->error);
    }
    if (!commands_print_train(stream, checkpoint, &training, notes, section->error))
        return false;
    commands_print_evaluate(stream, checkpoint, section->request->split, &names);
    if (checkpoint->batch > 0)
        text_list_add(notes,
                      "the checkpoint is of a run that was interrupted inside of an epoch: the "
                      "commands lead to the ends of epochs",
                      section->error);
    return error_ok(section->error);
}

bool section_write_commands(const struct section *section, size_t index)
{
    struct text_list notes = {0};
    char *text = NULL;
    size_t nbytes = 0;
    FILE *stream = open_memstream(&text, &nbytes);
    bool ok = stream || error_set_memory(section->error, VALUE_SIZE);

    ok = ok && origins_print_commands(section, stream, &notes);
    if (stream && fclose(stream) != 0)
        ok = error_set_memory(section->error, VALUE_SIZE);
    if (ok) {
        fprintf(
            section->stream, "<p>%s</p>\n",
            notes.count == 0
                ? "Where the source is, these commands give the same checkpoint, byte for byte, on "
                  "any number of threads. The store has the same fingerprint; it is the same byte "
                  "for byte where the source’s files still have their times, which it records."
                : "Where the source is, these commands give a store of the same fingerprint and "
                  "the same checkpoint, once what the notes below name is at hand.");
        fprintf(section->stream,
                "<pre id=\"commands-%zu\" tabindex=\"0\" aria-label=\"Commands\"><code>",
                index + 1);
        for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;) {
            markup_text(section->stream, line);
            if (rest)
                fputc('\n', section->stream);
        }
        fputs("</code></pre>\n", section->stream);
        if (notes.count > 0)
            fputs("<ul class=\"plain note\">\n", section->stream);
        for (size_t i = 0; i < notes.count; i++) {
            fputs("<li>", section->stream);
            markup_text(section->stream, notes.items[i]);
            fputs("</li>\n", section->stream);
        }
        if (notes.count > 0)
            fputs("</ul>\n", section->stream);
    }
    free(text);
    text_list_free(&notes);
    return ok;
}

bool section_write_settings(const struct section *section)
{
    bool ok;

    page_begin_section(section->stream, "settings", "Settings");
    fputs("<h3>To make it again</h3>\n", section->stream);
    ok = section_write_commands(section, 0) && origins_write_fingerprints(section);
    fputs("<div class=\"pairs\">\n<div>\n", section->stream);
    if (ok)
        origins_write_config(section);
    fputs("</div>\n<div>\n", section->stream);
    ok = ok && origins_write_store(section);
    fputs("</div>\n</div>\n", section->stream);
    page_end_section(section->stream);
    return ok;
}
