#include "predict/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/memory.h"
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

/* One path a line; an empty line is none. */
static bool inputs_add_list(struct inputs *inputs, struct error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    bool ok = true;

    while (ok && (length = getline(&line, &capacity, stdin)) > 0) {
        if (line[length - 1] == '\n')
            line[--length] = '\0';
        if (strlen(line) != (size_t)length)
            ok = error_set(error, STATUS_DATA, ERROR_AT(.file = "standard input"),
                           "a line holds a NUL byte: paths are expected, one a line");
        else if (length > 0)
            ok = inputs_add_file(inputs, line, error);
    }
    if (ok && ferror(stdin))
        ok = error_set_errno(error, "standard input", "cannot read");
    free(line);
    return ok;
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
    inputs->num_others += input->scan.num_others;
    if (input->num_images == 0)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                         "holds no image by the names of its files");
    return true;
}

/* A file that begins like an image, or is named like one, is no archive. */
static bool inputs_is_image(const char *path)
{
    unsigned char bytes[DECODER_MAX_SIGNATURE_NBYTES];
    int descriptor;
    ssize_t nbytes;

    if (decoder_has_extension(path))
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
