/*
 * The tree that ingest makes of a test's own folder, and what it says of it.
 */
#ifndef QUERN_TESTS_BUILT_TREE_H
#define QUERN_TESTS_BUILT_TREE_H

#include <stdbool.h>

#include "common/error.h"
#include "common/text_list.h"
#include "images/sources/scan.h"
#include "ingest/tree.h"

/* {0} but for the rules and classes that a test sets. */
struct built_tree {
    struct scan scan;
    struct tree tree;
    struct text_list classes;
    struct tree_rules rules;
    struct error error;
    bool ok;
};

/* Classes 3 and 7: three files in train, two in valid. */
void built_tree_make_files(void);

/* Scans the folder of tree_fixture_root and builds its tree; ok and error tell whether it could. */
void built_tree_build(struct built_tree *fixture);
void built_tree_free(struct built_tree *fixture);

/* It could not, with this status and this part of the message; frees it. */
void built_tree_assert_refused(struct built_tree *fixture, enum status status, const char *part);

/* All notes in one text, until the next call. */
const char *built_tree_list_notes(struct built_tree *fixture);

#endif
