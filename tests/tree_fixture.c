#include "tests/tree_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "images/png_file.h"
#include "images/sources/source.h"

/* ---- the folder and files in it ---- */

static char *root;

int tree_fixture_set_up(void **state)
{
    (void)state;
    root = support_make_folder();
    return 0;
}

int tree_fixture_tear_down(void **state)
{
    (void)state;
    support_remove_folder(root);
    root = NULL;
    return 0;
}

const char *tree_fixture_root(void)
{
    return root;
}

const char *tree_fixture_path(const char *name)
{
    static char buffers[4][TREE_MAX_PATH];
    static unsigned next;
    char *buffer = buffers[next++ % 4];

    snprintf(buffer, sizeof(buffers[0]), "%s/%s", root, name);
    return buffer;
}

void tree_fixture_write(const char *name, const void *bytes, size_t nbytes)
{
    char full[TREE_MAX_PATH];

    snprintf(full, sizeof(full), "%s/%s", root, name);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(full, 0777);
    }
    if (full[strlen(full) - 1] != '/')
        support_write_file(full, bytes, nbytes);
}

void tree_fixture_make(const char *name)
{
    tree_fixture_write(name, "", 0);
}

/* ---- images ---- */

void tree_fixture_fill_pixels(uint8_t *pixels, size_t count, unsigned seed)
{
    uint32_t state = seed * 2654435761u + 1;

    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(state >> 24);
    }
}

void tree_fixture_write_image(const char *name, uint32_t height, uint32_t width, unsigned channels,
                              unsigned seed)
{
    uint8_t *pixels = malloc((size_t)height * width * channels);
    struct error error = {0};
    void *bytes;
    size_t nbytes;

    assert_non_null(pixels);
    tree_fixture_fill_pixels(pixels, height * width * channels, seed);
    assert_true(png_file_write_pixels(pixels, width, height, channels, &bytes, &nbytes, &error));
    tree_fixture_write(name, bytes, nbytes);
    free(bytes);
    free(pixels);
}

void tree_fixture_write_classes(size_t num_images)
{
    char name[64];
    unsigned seed = 0;

    for (char class = 'a'; class <= 'b'; class ++) {
        for (size_t i = 0; i < num_images; i++) {
            snprintf(name, sizeof(name), "source/train/%c/%04zu.png", class, i);
            tree_fixture_write_image(name, TREE_HEIGHT, TREE_WIDTH, 1, seed++);
        }
        snprintf(name, sizeof(name), "source/valid/%c/x.png", class);
        tree_fixture_write_image(name, TREE_HEIGHT, TREE_WIDTH, 1, seed++);
    }
}

/* ---- runs ---- */

bool tree_fixture_scan(const char *path, const struct scan_rules *rules, struct scan *scan,
                       struct error *error)
{
    struct source *source;
    bool ok = source_open(path, "unused", &source, error);

    if (ok)
        ok = source_scan(source, rules, false, scan, error);
    source_close(source);
    return ok;
}

struct ingestion *ingestion_new(void)
{
    struct ingestion *ingestion = calloc(1, sizeof(*ingestion));

    assert_non_null(ingestion);
    snprintf(ingestion->source, sizeof(ingestion->source), "%s/source", root);
    snprintf(ingestion->store, sizeof(ingestion->store), "%s/store.h5", root);
    ingestion->options = ingest_options_default();
    ingestion->options.num_threads = 2;
    ingestion->options.source = ingestion->source;
    ingestion->options.store = ingestion->store;
    return ingestion;
}

bool ingestion_run(struct ingestion *ingestion)
{
    size_t results_nbytes, messages_nbytes;
    FILE *results, *messages;
    bool ok;

    free(ingestion->results);
    free(ingestion->messages);
    results = open_memstream(&ingestion->results, &results_nbytes);
    messages = open_memstream(&ingestion->messages, &messages_nbytes);
    memset(&ingestion->error, 0, sizeof(ingestion->error));
    ok = ingest_run(&ingestion->options, results, messages, &ingestion->error);
    fclose(results);
    fclose(messages);
    assert_int_equal(ok, error_ok(&ingestion->error));
    return ok;
}

void ingestion_free(struct ingestion *ingestion)
{
    ingest_options_free(&ingestion->options);
    free(ingestion->results);
    free(ingestion->messages);
    free(ingestion);
}

void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}
