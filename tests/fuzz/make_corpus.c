/* make_corpus DIR: writes what each fuzz target begins with to DIR/TARGET/. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/random.h"
#include "tests/archive_fixture.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"
#include "tests/jpeg_fixture.h"
#include "tests/support.h"

static const char *root;

static void put(const char *target, unsigned index, const void *bytes, size_t nbytes)
{
    char path[600];

    snprintf(path, sizeof(path), "%s/%s", root, target);
    mkdir(path, 0777);
    snprintf(path, sizeof(path), "%s/%s/%03u", root, target, index);
    support_write_file(path, bytes, nbytes);
}

static void put_texts(const char *target, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(target, (unsigned)i, texts[i], strlen(texts[i]));
}

/* Texts cut to columns, the first byte, with and without an ellipsis, the second; and answers. */
static void put_terminal(const char *target, const char *const *texts, size_t count)
{
    static const char *const answers[] = {"\033[6;16;8t\033[?62;4;22c", "\033[?1;2", "abc\033[?c",
                                          "\033[6;4000000000;1t\033[?;;4c"};
    char input[600];

    for (unsigned i = 0; i < count * 10; i++) {
        snprintf(input, sizeof(input), "%c%c%.500s", (char)(1 + i % 10 * i % 60), (char)(1 + i % 2),
                 texts[i / 10]);
        put(target, i, input, strlen(input));
    }
    for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        put(target, 900 + i, answers[i], strlen(answers[i]));
}

/* Lists of edits: every kind of edit of every object, with arbitrary parameters. */
static void put_edits(const char *target)
{
    /* A dataset of 2^40 texts of one byte, of as many integers, in chunks of 64: doctor.c. */
    uint8_t many_texts[] = {0, 0, 8, 0, 0, 1, 12, 1, 128 + 64};
    uint8_t many_numbers[] = {0, 0, 1, 1, 12, 1, 128 + 64};
    /* Six numbers, or texts, in external storage (3) or virtual (7), in a file of doctor.c's list.
     */
    uint8_t elsewhere_numbers[] = {0, 0, 4, 1, 128 + 6, 3, 0, 0};
    uint8_t elsewhere_texts[] = {0, 0, 8, 3, 0, 1, 128 + 6, 3, 0, 0};
    uint8_t edits[48];

    put(target, 0, "", 0);
    for (uint8_t i = 0; i < 20; i++) {
        many_texts[1] = many_numbers[1] = i;
        put(target, 200u + i, many_texts, sizeof(many_texts));
        put(target, 300u + i, many_numbers, sizeof(many_numbers));
        for (uint8_t k = 0; k < 8; k++) {
            elsewhere_numbers[1] = elsewhere_texts[1] = i;
            elsewhere_numbers[5] = elsewhere_texts[7] = k < 4 ? 3 : 7;
            elsewhere_numbers[6] = elsewhere_texts[8] = k % 4;
            put(target, 400u + i * 16u + k, elsewhere_numbers, sizeof(elsewhere_numbers));
            put(target, 408u + i * 16u + k, elsewhere_texts, sizeof(elsewhere_texts));
        }
    }
    for (unsigned i = 0; i < 100; i++) {
        struct random_stream stream = random_stream_begin(1, RANDOM_DRAW, i);

        for (size_t k = 0; k < sizeof(edits); k++)
            edits[k] = (uint8_t)random_next(&stream);
        edits[0] = (uint8_t)(i % 5);
        edits[1] = (uint8_t)(i / 5);
        put(target, i + 1, edits, 8 + i % 5 * 10);
    }
}

/* Every kind, at once and in several scans, with EXIF data in either order of bytes, and in very
 * many scans. */
static void put_jpegs(const char *target)
{
    unsigned index = 0;

    for (int kind = 0; kind < JPEG_FIXTURE_NUM_KINDS; kind++)
        for (int i = 0; i < 4; i++) {
            const struct jpeg_layout layout = {.kind = kind,
                                               .width = 20,
                                               .height = 9,
                                               .is_progressive = i % 2 == 1,
                                               .has_many_scans = kind + i == 0,
                                               .orientation = i < 2 ? 0 : i + kind,
                                               .is_little_endian = kind % 2 == 0};
            struct png_fixture file = jpeg_fixture_write(&layout);

            put(target, index++, file.bytes, file.nbytes);
            free(file.bytes);
        }
}

/* A small archive of each kind, with links, a double and a path that leads up. */
static void put_archives(const char *target)
{
    char path[600];
    size_t nbytes;
    void *bytes = samples_make_png(0, &nbytes);

    snprintf(path, sizeof(path), "%s/%s", root, target);
    mkdir(path, 0777);
    for (size_t i = 0; archive_kinds[i].name && bytes; i++) {
        struct archive *archive;

        snprintf(path, sizeof(path), "%s/%s/%03zu", root, target, i);
        archive = archive_fixture_begin_in_utf8(path, &archive_kinds[i]);
        archive_fixture_add_other(archive, "top/train/c", AE_IFDIR, NULL);
        archive_fixture_add(archive, "top/train/b/x.png", bytes, nbytes);
        archive_fixture_add(archive, "./top/train/a/1.png", bytes, nbytes);
        archive_fixture_add(archive, "top/train/a/1.png", "no PNG", 6);
        archive_fixture_add(archive, "top/../up.png", bytes, nbytes);
        archive_fixture_add(archive, "top/notes.txt", "notes", 5);
        archive_fixture_add(archive, "top/train/e\xcc\x81/1.png", bytes, nbytes);
        if (archive_kinds[i].format != ARCHIVE_FORMAT_ZIP)
            archive_fixture_add_hard_link(archive, "top/valid/a/2.png", "top/train/b/x.png");
        archive_fixture_end_in_utf8(archive);
    }
    free(bytes);
}

/* The same with classes beside images, and with arrays in place of images. */
static void put_labelled_archives(const char *target)
{
    static const char images[] = "\x93NUMPY\1\0\x40\0{'descr': '|u1', 'fortran_order': False, "
                                 "'shape': (2, 2, 1), }\n         abcd";
    static const char labels[] = "\0\0\x08\x01\0\0\0\2\3\4";
    static const char pixels[] = "\0\0\x08\x03\0\0\0\2\0\0\0\2\0\0\0\1abcd";
    char path[600];
    size_t nbytes;
    void *bytes = samples_make_png(0, &nbytes);

    for (size_t i = 0; archive_kinds[i].name && bytes; i++) {
        struct archive *archive;

        snprintf(path, sizeof(path), "%s/%s/%03zu", root, target, 100 + i);
        archive = archive_fixture_begin_in_utf8(path, &archive_kinds[i]);
        archive_fixture_add(archive, "top/train/1.png", bytes, nbytes);
        archive_fixture_add(archive, "top/train/1.cls", "cat\n", 4);
        archive_fixture_add(archive, "top/valid/2.x.png", bytes, nbytes);
        archive_fixture_add(archive, "top/valid/2.cls", "17", 2);
        archive_fixture_end_in_utf8(archive);
        snprintf(path, sizeof(path), "%s/%s/%03zu", root, target, 200 + i);
        archive = archive_fixture_begin_in_utf8(path, &archive_kinds[i]);
        archive_fixture_add(archive, "train-images-idx3-ubyte", pixels, sizeof(pixels) - 1);
        archive_fixture_add(archive, "train-labels-idx1-ubyte", labels, sizeof(labels) - 1);
        archive_fixture_add(archive, "x_test.npy", images, sizeof(images) - 1);
        archive_fixture_add(archive, "y_test.npy", images, sizeof(images) - 1);
        archive_fixture_end_in_utf8(archive);
    }
    free(bytes);
}

/* Texts as they stand, and arbitrary words of fuzz_network.c's list. */
static void put_networks(const char *target)
{
    static const char *const texts[] = {
        "conv:6 norm relu res(conv:6 norm relu) pool conv:8 relu pool dense:20 relu dropout:0.3",
        "norm dense:5 norm relu",
        "res(relu) conv:3 res(dropout:0.2 conv:3 res(norm relu)) avgpool norm",
        "conv:2:5:s2 relu conv:3:3:s3 pool relu dense:200 relu",
        "res( conv:1 avgpool )",
        "res( dense:1 )",
        "conv:3:1:s1:1:1",
        "conv:2 ) res(",
    };
    uint8_t bytes[400];

    for (unsigned i = 0; i < 240; i++) {
        struct random_stream stream = random_stream_begin(5, RANDOM_DRAW, i);
        size_t count = 6 + random_below(&stream, 14);

        for (size_t k = 0; k < count; k++)
            bytes[k] = (uint8_t)random_next(&stream);
        bytes[0] = (uint8_t)(bytes[0] & ~1u);
        if (i % 4 == 0)
            bytes[1] = bytes[2] = 0; /* an image of one pixel */
        put(target, 100 + i, bytes, count);
    }
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (unsigned size = 0; size < 3; size++) {
            const uint8_t choices[] = {1,
                                       (uint8_t)(6 * size),
                                       (uint8_t)(5 * size),
                                       (uint8_t)(i + size),
                                       (uint8_t)(35 * size),
                                       3};

            memcpy(bytes, choices, sizeof(choices));
            memcpy(bytes + sizeof(choices), texts[i], strlen(texts[i]));
            put(target, i * 3 + size, bytes, sizeof(choices) + strlen(texts[i]));
        }
    }
}

/* Tables of labels in every way of writing them, and damaged ones. */
static void put_tables(const char *target)
{
    static const char *const tables[] = {
        "path,label,split\r\na.png,cat,train\r\n\"b/c.png\",\"do,\"\"g\",val\r\n",
        "a.png\tcat\nb/c\tdog\n./b/d.png\tcat\n",
        "\xef\xbb\xbfid;breed\na;1\nb\\c.png;2\n",
        "a.png,cat\na.png,dog\n",
        "a.png,\"cat\nb/c.png,dog\n",
        "a.png,cat,x\n,,\nb/c.png\n",
    };

    put_texts(target, tables, sizeof(tables) / sizeof(tables[0]));
}

static void put_arrays(const char *target)
{
    static const char idx[] = "\0\0\0\x08\x03\0\0\x01\0\0\0\0\x1c\0\0\0\x1c";
    static const char npy[] =
        "\1\x93NUMPY\1\0\x3b\0{'descr': '<i8', 'fortran_order': False, 'shape': (3, 4), }\n";
    static const char long_npy[] =
        "\1\x93NUMPY\2\0\x38\0\0\0{'shape': (5,), 'fortran_order': True, 'descr': '>u2'}   \n";

    put(target, 0, idx, sizeof(idx) - 1);
    put(target, 1, idx, sizeof(idx) - 3);
    put(target, 2, npy, sizeof(npy) - 1);
    put(target, 3, long_npy, sizeof(long_npy) - 1);
    put(target, 4, npy, 20);
}

int main(int argc, char **argv)
{
    static const char *const command_lines[] = {
        "\0"
        "source\nstore.h5\n--classes\n7,3\n--valid-fraction\n0.2\n--seed\n18446744073709551615",
        "\1"
        "store.h5\n--output\nrun\n--loss\nmae\n--learning-rate\n1e-3\n--momentum\n0.9",
        "\2"
        "run\nstore.h5\n--split\nvalid\n--json\n--output\ne.h5",
        "\4"
        "run\na.png\nphotos\n--max-pixels\n99\n--csv\nout.csv\n--top\n3",
        "\3"
        "folder\n--train\n50\n--valid\n30\n--size\n28x28\n--digits\n7,3",
        "\5"
        "--real\n1e-3\n--size\n28x28\n--nbytes=4G\n--names\n7,3\n--choice\nmae\n--text=a\n--flag",
        "\1"
        "--help\n--version\n--threads=3\n--\n-0x1p3\nnan\n1e999\n007\n+1\n28x0\na\\,b,\\\\,c",
    };
    static const char *const texts[] = {
        "img10",
        "img9",
        "01",
        "a\nb\tc\\",
        "\xc3\xa9 na\xc3\xafve",
        "\xc2\x9b[31m",
        "\x1b[31mred",
        "\xf0\x9f\x98\x80\xed\xa0\x80\xc0\x80",
    };
    static const char *const preparations[] = {
        "background=ff8000 channels=rgb fit=pad range=0:4095 size=9x31",
        "background=none channels=gray fit=crop range=none size=as-is",
        "size=40x3 fit=crop",
        "range=65535:65536",
    };
    static const char *const lines[] = {
        "{\"event\":\"epoch\",\"epoch\":3,\"a\":[1,-2.5e3,\"x\",{\"b\":null}]}",
        "{\"event\":\"\\u00e9\\ud83d\\ude00\\ud800\\n\\u0000\",\"\":{}}",
        "{\"event\":\"epo",
        "[[[[{\"a\":true}]]]]",
    };
    static const char three[] = "img10\0img9\0img09";
    static const char list[] = "quern list 2\ntrain/3/a.png\0train/3/b.png";
    char *folder;
    size_t nbytes;
    void *bytes;

    if (argc != 2) {
        fputs("Usage: make_corpus DIR\n", stderr);
        return 2;
    }
    root = argv[1];
    mkdir(root, 0777);
    for (unsigned i = 0; i < SAMPLES_NUM_PNG; i++) {
        bytes = samples_make_png(i, &nbytes);
        if (bytes)
            put("fuzz_png", i, bytes, nbytes);
        free(bytes);
    }
    put_jpegs("fuzz_jpeg");
    folder = support_make_folder();
    bytes = support_read_file(support_path(folder, samples_write_checkpoint(folder)), &nbytes);
    put("fuzz_seal", 0, bytes, nbytes);
    put("fuzz_seal", 1, bytes, nbytes - 60);
    free(bytes);
    support_remove_folder(folder);
    put_archives("fuzz_archive");
    put_labelled_archives("fuzz_archive");
    put_edits("fuzz_store");
    put_edits("fuzz_shard");
    put_edits("fuzz_checkpoint");
    put_edits("fuzz_evaluation");
    put_edits("fuzz_comparison");
    put_edits("fuzz_model");
    for (unsigned i = 0; i < sizeof(command_lines) / sizeof(command_lines[0]); i++)
        put("fuzz_options", i, command_lines[i], 1 + strlen(command_lines[i] + 1));
    put_texts("fuzz_text", texts, sizeof(texts) / sizeof(texts[0]));
    put_terminal("fuzz_terminal", texts, sizeof(texts) / sizeof(texts[0]));
    put_networks("fuzz_network");
    put_texts("fuzz_preparation", preparations, sizeof(preparations) / sizeof(preparations[0]));
    put("fuzz_text", 100, three, sizeof(three));
    put_texts("fuzz_json", lines, sizeof(lines) / sizeof(lines[0]));
    put_tables("fuzz_labels");
    put_arrays("fuzz_arrays");
    put("fuzz_list", 0, list, sizeof(list));
    put("fuzz_list", 1, list, sizeof(list) - 1);
    put("fuzz_list", 2, "quern list 2\n", 13);
    return 0;
}
