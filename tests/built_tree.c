#include "tests/built_tree.h"

#include <stdio.h>
#include <string.h>

#include "ingest/report.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

void built_tree_make_files(void)
{
    tree_fixture_make("train/3/b.png");
    tree_fixture_make("train/3/a.png");
    tree_fixture_make("train/7/a.PNG");
    tree_fixture_make("valid/3/c.png");
    tree_fixture_make("valid/7/c.png");
}

void built_tree_build(struct built_tree *fixture)
{
    struct scan_rules scan_rules;

    fixture->rules.classes = &fixture->classes;
    scan_rules = tree_scan_rules(&fixture->rules);
    fixture->ok =
        tree_fixture_scan(tree_fixture_root(), &scan_rules, &fixture->scan, &fixture->error);
    assert_true(fixture->ok);
    fixture->ok = tree_build(tree_fixture_root(), &fixture->scan, &fixture->rules, &fixture->tree,
                             &fixture->error);
}

void built_tree_free(struct built_tree *fixture)
{
    tree_free(&fixture->tree);
    scan_free(&fixture->scan);
    text_list_free(&fixture->classes);
}

void built_tree_assert_refused(struct built_tree *fixture, enum status status, const char *part)
{
    assert_false(fixture->ok);
    assert_int_equal(fixture->error.status, status);
    assert_contains(fixture->error.what, part);
    built_tree_free(fixture);
}

const char *built_tree_list_notes(struct built_tree *fixture)
{
    static char all[2048];
    FILE *stream = fmemopen(all, sizeof(all), "w");

    memset(all, 0, sizeof(all));
    assert_true(
        report_notes(&fixture->tree, &fixture->scan, &fixture->rules, stream, &fixture->error));
    fclose(stream);
    return all;
}
