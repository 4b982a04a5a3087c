/*
 * What several tests need: a folder of their own, whole files in memory, a small store.
 */
#ifndef QUERN_TESTS_SUPPORT_H
#define QUERN_TESTS_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants these before it */
#include <setjmp.h>

#include <cmocka.h>

#include "common/error.h"
#include "formats/store/store.h"

/* A new folder under $TMPDIR or /tmp; removed with all in it by support_remove_folder. */
char *support_make_folder(void);
void support_remove_folder(char *folder);

/* A cmocka test with such a folder as its state, after which no HDF5 handle may be open. */
#define SUPPORT_IN_FOLDER(test)                                                                    \
    cmocka_unit_test_setup_teardown(test, support_set_up_folder, support_tear_down_folder)
int support_set_up_folder(void **state);
int support_tear_down_folder(void **state);

/* FOLDER/NAME, in one of a few static buffers that later calls use again. */
const char *support_path(const char *folder, const char *name);

unsigned char *support_read_file(const char *path, size_t *nbytes);
void support_write_file(const char *path, const void *bytes, size_t nbytes);
void support_assert_files_equal(const char *a, const char *b);

/* Fails the test with the record's message if the call fails. */
#define assert_ok(call, error)                                                                     \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            error_print(error, __func__, stderr);                                                  \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

/*
 * Writes a store of num_classes classes "a", "b", ... with num_train and num_valid rows of random
 * pixels; each class is brighter in its own columns, so that it can be learnt.
 */
void support_write_store(const char *path, struct image_shape image, size_t num_classes,
                         uint64_t num_train, uint64_t num_valid, int num_threads);

/* The pixels of row i of a split of that store. */
void support_store_row(struct image_shape image, size_t num_classes, enum split split, uint64_t i,
                       uint8_t *pixels, uint32_t *label);

/*
 * From here on the process may take nbytes beside the memory that it has, until a call with 0.
 * Does nothing under a sanitizer, which maps terabytes of its own.
 */
void support_limit_memory(size_t nbytes);

/* Fails the test, with what was computed, unless found is within tolerance of expected. */
void support_assert_close(const char *what, double found, double expected, double tolerance);

/* The call fails with the wanted status in its record. */
#define assert_fails(call, error, wanted)                                                          \
    do {                                                                                           \
        assert_false(call);                                                                        \
        assert_int_equal((error)->status, wanted);                                                 \
    } while (0)

#endif
