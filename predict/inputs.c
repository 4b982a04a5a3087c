#include "predict/inputs.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "images/decoder.h"

static struct input *inputs_add(struct inputs *inputs, struct error *error)
{
    struct input *input;

    if (!memory_grow(&inputs->items, &inputs->capacity, inputs->count + 1, sizeof(*input), error))
        return NULL;
    input = &inputs->items[inputs->count++];
    *input = (struct input){.first = inputs->num_images};
    return input;
}

static void inputs_count_image(struct inputs *inputs, struct input *input, const char *path)
{
    size_t nbytes = (input->source ? strlen(input->path) + 1 : 0) + strlen(path) + 1;

    input->num_images++;
    inputs->num_images++;
    if (nbytes > inputs->max_name_nbytes)
        inputs->max_name_nbytes = nbytes;
}

static bool inputs_add_file(struct inputs *inputs, const char *path, struct error *error)
{
    struct input *last = inputs->count ? &inputs->items[inputs->count - 1] : NULL;

    if (!last || last->source)
        last = inputs_add(inputs, error);
    if (!last || !text_list_add(&last->files, path, error))
        return false;
    inputs_count_image(inputs, last, path);
    return true;
}

/* Reads standard input for a stream; a signal that asks to stop ends the waiting. */
static ssize_t inputs_read_list(void *cookie, char *buffer, size_t size)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int num_ready = 0;

    (void)cookie;
    while (num_ready <= 0 && !signals_stop_requested()) {
        num_ready = poll(&input, 1, 1000); /* a signal before the call is seen after it */
        if (num_ready < 0 && errno != EINTR)
            return -1;
    }
    if (signals_stop_requested()) {
        errno = EINTR;
        return -1;
    }
    return read(STDIN_FILENO, buffer, size);
}

/* One path a line; an empty line is none. */
static bool inputs_add_list(struct inputs *inputs, struct error *error)
{
    FILE *list = fopencookie(NULL, "r", (cookie_io_functions_t){.read = inputs_read_list});
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    bool ok = list || error_set_memory(error, BUFSIZ);

    while (ok && (length = getline(&line, &capacity, list)) > 0) {
        if (line[length - 1] == '\n')
            line[--length] = '\0';
        if (strlen(line) != (size_t)length)
            ok = error_set(error, STATUS_DATA, ERROR_AT(.file = "standard input"),
                           "a line holds a NUL byte: paths are expected, one a line");
        else if (length > 0)
            ok = inputs_add_file(inputs, line, error);
    }
    if (ok && ferror(list))
        ok = signals_stop_requested()
                 ? error_set(error, STATUS_STOPPED, ERROR_AT(.file = "standard input"),
                             "stopped by %s: nothing is written",
                             signals_name(signals_stop_requested()))
                 : error_set_errno(error, "standard input", "cannot read");
    if (list)
        fclose(list);
    free(line);
    return ok;
}

/* What a scan left out. */
static void inputs_count_left_out(struct inputs *inputs, const struct scan *scan)
{
    for (int format = 0; format < FOREIGN_MAX_FORMATS; format++)
        inputs->foreign.files[format] += scan->foreign.files[format];
    for (int kind = 0; kind < JUNK_NUM_KINDS; kind++)
        inputs->num_junk[kind] += scan->num_junk[kind];
    inputs->num_others += scan->num_others;
    inputs->num_loops += scan->num_loops;
    inputs->num_unsafe_paths += scan->num_unsafe_paths;
    inputs->num_links += scan->num_links;
    inputs->num_special += scan->num_special;
    inputs->num_replaced += scan->num_replaced;
}

static bool inputs_refuse_empty(const struct scan *scan, const char *path, struct error *error)
{
    char files[512];
    bool has_foreign = foreign_describe_counts(files, sizeof(files), &scan->foreign) != NULL;

    return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                     "holds no image by the names of its files%s%s%s", has_foreign ? " (" : "",
                     has_foreign ? files : "", has_foreign ? ")" : "");
}

static bool inputs_add_source(struct inputs *inputs, const char *path, struct error *error)
{
    const struct scan_rules everything = {.folder_depth = 1};
    struct input *input = inputs_add(inputs, error);

    if (!input)
        return false;
    input->path = path;
    if (!source_open(path, inputs->spool_path, &input->source, error) ||
        !source_scan(input->source, &everything, true, &input->scan, error))
        return false;
    for (size_t i = 0; i < input->scan.num_images; i++)
        inputs_count_image(inputs, input, input->scan.paths[i]);
    inputs_count_left_out(inputs, &input->scan);
    return input->num_images > 0 || inputs_refuse_empty(&input->scan, path, error);
}

/* A file that begins like an image, or is named like one, of whatever format, is no archive. */
static bool inputs_is_image(const char *path)
{
    unsigned char bytes[DECODER_MAX_SIGNATURE_NBYTES];
    int descriptor;
    ssize_t nbytes;

    if (decoder_has_extension(path) || foreign_count(&(struct foreign_counts){0}, path))
        return true;
    descriptor = file_open(path, NULL, &(struct error){0});
    if (descriptor < 0)
        return false;
    nbytes = file_read_some_at(descriptor, bytes, sizeof(bytes), 0);
    file_close(&descriptor);
    return nbytes > 0 && decoder_find(bytes, (size_t)nbytes);
}

static bool inputs_add_operand(struct inputs *inputs, const char *operand, struct error *error)
{
    struct stat info;

    if (strcmp(operand, "-") == 0)
        return inputs_add_list(inputs, error);
    if (stat(operand, &info) != 0)
        return error_set_errno(error, operand, "cannot open");
    if (!S_ISDIR(info.st_mode) && inputs_is_image(operand))
        return inputs_add_file(inputs, operand, error);
    return inputs_add_source(inputs, operand, error);
}

bool inputs_open(char *const *operands, size_t num_operands, const char *spool_path,
                 struct inputs *inputs, struct error *error)
{
    *inputs = (struct inputs){.spool_path = spool_path};
    for (size_t i = 0; i < num_operands; i++)
        if (!inputs_add_operand(inputs, operands[i], error))
            return false;
    return true;
}

/* What systems and tools leave behind, by name. */
static void inputs_note_junk(const struct inputs *inputs, const char *program)
{
    char kinds[1024] = "", number[32];

    for (int kind = 0; kind < JUNK_NUM_KINDS; kind++) {
        size_t used = strlen(kinds);

        if (inputs->num_junk[kind] > 0)
            text_format(kinds + used, sizeof(kinds) - used, "%s %s (%s)", used > 0 ? "," : "",
                        junk_name(kind),
                        text_group_digits(number, sizeof(number), inputs->num_junk[kind]));
    }
    if (kinds[0] != '\0')
        progress_message(program, "note: skipped what systems and tools leave behind:%s", kinds);
}

void inputs_print_notes(const struct inputs *inputs, const char *program)
{
    const struct {
        const char *what;
        uint64_t count;
    } counts[] = {
        {"links not followed because they lead back up", inputs->num_loops},
        {"members ignored because their paths are absolute, too long or lead up by ..",
         inputs->num_unsafe_paths},
        {"members ignored because they are links to nothing in the archive", inputs->num_links},
        {"members ignored because they are devices, pipes or sockets", inputs->num_special},
        {"members ignored because others of the same path come later", inputs->num_replaced},
    };
    char text[512];

    inputs_note_junk(inputs, program);
    if (foreign_describe_counts(text, sizeof(text), &inputs->foreign))
        progress_message(program, "note: %s", text);
    if (inputs->num_others > 0)
        progress_message(program, "note: %" PRIu64 " %s left out", inputs->num_others,
                         inputs->num_others == 1 ? "file is no image by its name and is"
                                                 : "files are no images by their names and are");
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (counts[i].count > 0)
            progress_message(program, "note: %s: %s", counts[i].what,
                             text_group_digits(text, sizeof(text), counts[i].count));
}

void inputs_close(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) {
        scan_free(&inputs->items[i].scan);
        source_close(inputs->items[i].source);
        text_list_free(&inputs->items[i].files);
    }
    free(inputs->items);
    *inputs = (struct inputs){0};
}

bool inputs_have(const struct inputs *inputs, const char *path)
{
    for (size_t i = 0; i < inputs->count; i++) {
        const struct input *input = &inputs->items[i];

        if (input->source && source_has_input(input->source, path))
            return true;
        for (size_t f = 0; f < input->files.count; f++)
            if (file_is_same(input->files.items[f], path))
                return true;
    }
    return false;
}

/* The input that holds an image: the last that begins at it or before. */
static const struct input *inputs_find(const struct inputs *inputs, size_t index)
{
    size_t low = 0, high = inputs->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (inputs->items[middle].first <= index)
            low = middle;
        else
            high = middle;
    }
    return &inputs->items[low];
}

const char *inputs_name(const struct inputs *inputs, size_t index, char *buffer, size_t size)
{
    const struct input *input = inputs_find(inputs, index);
    size_t length = input->source ? strlen(input->path) : 0;

    if (!input->source)
        return text_format(buffer, size, "%s", input->files.items[index - input->first]);
    while (length > 1 && input->path[length - 1] == '/')
        length--;
    return text_format(buffer, size, "%.*s%s%s", (int)length, input->path,
                       input->path[length - 1] == '/' ? "" : "/",
                       input->scan.paths[index - input->first]);
}

bool inputs_read(const struct inputs *inputs, size_t index, struct source_reader *reader,
                 struct source_file *file, struct error *error)
{
    const struct input *input = inputs_find(inputs, index);
    size_t own = index - input->first;
    const struct source_image image = {input->source ? input->scan.paths[own] : NULL, own};

    if (input->source)
        return source_read(input->source, &image, reader, file, error);
    return source_read_path(input->files.items[own], reader, file, error);
}
