/* Tables of labels: columns, rows, and the images that rows are of. */
#include <stdlib.h>
#include <string.h>

#include "images/sources/labelling.h"
#include "ingest/label_table.h"
#include "tests/support.h"

static const char *const paths[] = {"1-a.png", "1.png",     "1/a.png", "1/b.PNG",
                                    "2.png",   "two.x.png", "u/3.jpg", "u/3.png"};
enum { NUM_PATHS = 8 };

static bool apply(const char *text, struct label_table *table, struct scan *scan,
                  struct error *error)
{
    *scan = (struct scan){.num_images = NUM_PATHS};
    scan->paths = malloc(sizeof(paths));
    memcpy(scan->paths, paths, sizeof(paths));
    scan->root = strdup("photos");
    return label_table_parse("labels.csv", strdup(text), strlen(text), table, error) &&
           label_table_apply(table, scan, error);
}

/* The labels of all images as a text, "-" where there is none: "cat - dog ...". */
static void assert_labels(const char *text, const char *expected)
{
    struct label_table table;
    struct scan scan;
    struct error error = {0};
    char found[512] = "";

    assert_ok(apply(text, &table, &scan, &error), &error);
    for (size_t i = 0; i < NUM_PATHS; i++) {
        const struct labelling *labelling = scan.labelling;
        uint32_t label = labelling->labels[i];

        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s", i > 0 ? " " : "",
                 label == LABELLING_NONE ? "-" : labelling->classes.items[label]);
        if (label != LABELLING_NONE && labelling->splits.count > 0)
            snprintf(found + strlen(found), sizeof(found) - strlen(found), "/%s",
                     labelling->splits.items[labelling->split_of[i]]);
    }
    assert_string_equal(found, expected);
    label_table_free(&table);
    scan_free(&scan);
}

static void assert_refuses(const char *text, const char *what)
{
    struct label_table table;
    struct scan scan;
    struct error error = {0};

    assert_false(apply(text, &table, &scan, &error));
    assert_int_equal(error.status, STATUS_DATA);
    if (!strstr(error.what, what))
        fail_msg("'%s' is not in '%s'", what, error.what);
    label_table_free(&table);
    scan_free(&scan);
}

static void test_label_table_columns_are_found(void **state)
{
    (void)state;
    assert_labels("1.png,cat\n2.png,dog\n", "- cat - - dog - - -");
    assert_labels("1.png\tcat\n2.png\tdog\n", "- cat - - dog - - -");
    assert_labels("path,label\n1.png,cat\n2.png,dog\n", "- cat - - dog - - -");
    assert_labels("Category,x,Filename\ncat,5,1.png\ndog,6,2.png\n", "- cat - - dog - - -");
    assert_labels("id,breed\n1,cat\n2,dog\n", "- cat - - dog - - -");
    assert_labels("photo,class\n1.png,cat\n", "- cat - - - - - -");
    /* A class may be called like a column. */
    assert_labels("1.png,target\n2.png,distractor\n", "- target - - distractor - - -");
    assert_labels("1.png,cat,train\n2.png,dog,val\n", "- cat/train - - dog/val - - -");
    assert_labels("1.png,cat,train\n2.png,dog,red\n", "- cat - - dog - - -");
    assert_labels("split,image,target\ntest,1.png,3\n", "- 3/test - - - - - -");
}

static void test_label_table_paths_find_their_images(void **state)
{
    (void)state;
    assert_labels("./1.png,a\n1/a,b\n1\\b.PNG,c\nphotos/2.png,d\nu/3.png,e\n", "- a b c d - - e");
    assert_labels("1,a\ntwo.x,b\n1-a,c\n", "c a - - - b - -");
    assert_refuses("u/3,a\n", "1 path names no image of the source, or more than one: line 1 'u/3'");
    assert_refuses("two,a\n", "line 1 'two'");
    assert_refuses("1.png,x\na.png,y\nb,y\n1/zz,y\n",
                   "3 paths name no image of the source, or more than one: line 2 'a.png', line 3 "
                   "'b', line 4 '1/zz' (paths are relative to the source, which holds '1/a.png')");
}

static void test_label_table_bad_rows_are_refused_with_their_lines(void **state)
{
    (void)state;
    assert_refuses("", "is empty");
    assert_refuses("path,label\n", "has a header and no rows");
    assert_refuses("1.png\n", "has one column");
    assert_refuses("1.png,a\n2.png\n", "line 2: wrong number of fields");
    assert_refuses("name,label,x\n1.png,a,b\n", "line 1: no column is called path");
    assert_refuses("id,breed,x\n1.png,a,b\n", "line 1: no column is called label");
    assert_refuses("path,label\n1.png,\n2.png,a\n1/a.png,\"\"\n",
                   "2 rows have no label: line 2 '1.png', line 4 '1/a.png'");
    assert_refuses("1.png,a\n,a\n", "1 row has no path: line 2");
    assert_refuses("1.png,\xff\n", "1 label is not UTF-8: line 1");
    assert_refuses("path,label,split\n1.png,a,train\n2.png,a,dev2\n",
                   "1 row has no known split: line 3 'dev2': it is train, valid or test");
    assert_refuses("1.png,a\n2.png,a\n1,b\n", "lines 1 and 3 give '1.png' two labels, 'a' and 'b'");
    assert_refuses("1.png,a,train\n1.png,a,test\n",
                   "lines 1 and 2 give '1.png' two splits, 'train' and 'test'");
}

static void test_label_table_repeated_rows_are_counted(void **state)
{
    struct label_table table;
    struct scan scan;
    struct error error = {0};

    (void)state;
    assert_ok(apply("1.png,a\n./1.png,a\n1,a\n2.png,b\n", &table, &scan, &error), &error);
    assert_int_equal(table.num_repeated, 2);
    label_table_free(&table);
    scan_free(&scan);
}

static uint64_t hash_of(const char *text)
{
    struct label_table table;
    struct scan scan;
    struct error error = {0};
    uint64_t hash;

    assert_ok(apply(text, &table, &scan, &error), &error);
    hash = labelling_hash(scan.labelling, scan.paths);
    label_table_free(&table);
    scan_free(&scan);
    return hash;
}

static void test_labelling_hash_is_of_the_samples(void **state)
{
    uint64_t hash = hash_of("1.png,a\n2.png,b\n");

    (void)state;
    assert_int_equal(hash_of("label,path\nb,2\na,1\n"), hash);
    assert_int_not_equal(hash_of("1.png,a\n2.png,c\n"), hash);
    assert_int_not_equal(hash_of("1.png,a\n2.png,b\n1/a.png,b\n"), hash);
    assert_int_not_equal(hash_of("1.png,a,train\n2.png,b,train\n"), hash);
}

/* So many classes that the table of their names grows. */
static void test_labelling_set_many_classes_keep_their_names(void **state)
{
    struct labelling *labelling;
    struct error error = {0};
    char name[16];

    (void)state;
    assert_ok(labelling_create(6000, &labelling, &error), &error);
    for (size_t i = 0; i < 6000; i++) {
        snprintf(name, sizeof(name), "%zu", i % 3000);
        assert_ok(labelling_set(labelling, i, name, NULL, &error), &error);
    }
    assert_int_equal(labelling->classes.count, 3000);
    for (size_t i = 0; i < 6000; i++) {
        snprintf(name, sizeof(name), "%zu", i % 3000);
        assert_string_equal(labelling->classes.items[labelling->labels[i]], name);
    }
    labelling_free(labelling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_table_columns_are_found),
        cmocka_unit_test(test_label_table_paths_find_their_images),
        cmocka_unit_test(test_label_table_bad_rows_are_refused_with_their_lines),
        cmocka_unit_test(test_label_table_repeated_rows_are_counted),
        cmocka_unit_test(test_labelling_hash_is_of_the_samples),
        cmocka_unit_test(test_labelling_set_many_classes_keep_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
