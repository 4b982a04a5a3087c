/*
 * What every HDF5 file of ours has in common.  For files inside formats/ only.
 *
 * Each function takes the file's context, fills its error record where it fails, and does nothing
 * once that record holds an error; so a sequence of calls needs one check at its end.  Handles
 * come back as H5I_INVALID_HID on failure and are closed with h5_close, which counts them.
 *
 * A file may come from anybody.  Groups, datasets and attributes are opened here and nowhere else,
 * and what is opened cannot lead anywhere else: each link on the way is a hard link, a dataset has
 * its values in the file itself, by filters that are known, and of a type that is a plain number or
 * text, and claims no more than the file can hold.  All else is refused before a value is read.
 */
#ifndef QUERN_FORMATS_HDF5_H
#define QUERN_FORMATS_HDF5_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"

struct atomic_file;
struct h5_storage;

struct h5_context {
    const char *path; /* the name for messages */
    struct error *error;
    struct h5_storage *storage; /* of the open file */
};

bool h5_ok(const struct h5_context *file);

/* Fills the error record with what we wanted and HDF5's own innermost reason. */
void h5_fail(const struct h5_context *file, enum status status, const char *dataset,
             const char *what);
/* The same for a file that HDF5 can read but that is not what we expect; STATUS_DATA. */
void h5_refuse(const struct h5_context *file, const char *dataset, const char *what,
               const char *expected, const char *found);
/* The errno of the first call of the system that has failed for this file, or 0. */
int h5_errno(const struct h5_context *file);

/* ---- handles ---- */

/* Takes a handle into the count of live ones; fails with what if it is invalid. */
hid_t h5_hold(const struct h5_context *file, hid_t id, const char *dataset, const char *what);
/* Closes any kind of handle but a file's and sets it to H5I_INVALID_HID; a failure is an I/O error.
 */
void h5_close(const struct h5_context *file, hid_t *id);
/* How many handles are open now: tests assert that it returns to 0. */
int h5_num_live_handles(void);

/* ---- files ---- */

/* How to open a file. */
struct h5_opening {
    bool skip_seal;  /* do not read all bytes for the seal: its length alone is checked */
    int num_threads; /* that check the seal */
};

/* Files are created with pinned versions and without times, so equal contents are equal bytes. */
hid_t h5_create_file(struct h5_context *file, struct atomic_file *output);
/* Checks the seal first, so that HDF5 sees no damaged file that has one.  *is_sealed is false for a
 * file without. */
hid_t h5_open_file(struct h5_context *file, const struct h5_opening *opening, bool *is_sealed);
/* Opens the finished file that is about to be committed, for reading. */
hid_t h5_open_output(struct h5_context *file, const struct atomic_file *output);
/* Closes the file; what could not be written to it is an I/O error. */
void h5_close_file(struct h5_context *file, hid_t *id);
/* Bytes of the file. */
uint64_t h5_file_nbytes(const struct h5_context *file, hid_t object);

/* ---- groups ---- */

hid_t h5_create_group(const struct h5_context *file, hid_t parent, const char *name);
hid_t h5_open_group(const struct h5_context *file, hid_t root, const char *name);
/*
 * The result of a function of HDF5 that looks for something: what could not be read, or for want of
 * memory, is an error and not absent.
 */
bool h5_found(const struct h5_context *file, htri_t result, const char *name);
/* A link of that name exists in the group. */
bool h5_exists(const struct h5_context *file, hid_t group, const char *name);
/* Adds the names of all datasets below a group, relative to it, in order of names.  Links that are
 * not hard links are refused. */
void h5_list_datasets(const struct h5_context *file, hid_t group, const char *name,
                      struct text_list *names);
/* Adds the names of the groups and the datasets in a group itself, each in order of names.  Other
 * objects, and links that are not hard links, are refused. */
void h5_list_children(const struct h5_context *file, hid_t group, const char *name,
                      struct text_list *groups, struct text_list *datasets);

/* ---- attributes ---- */

void h5_write_text_attribute(const struct h5_context *file, hid_t object, const char *name,
                             const char *text);
void h5_write_count_attribute(const struct h5_context *file, hid_t object, const char *name,
                              uint64_t count);
void h5_write_crc32_attribute(const struct h5_context *file, hid_t object, const char *name,
                              uint32_t crc32);
void h5_write_real_attribute(const struct h5_context *file, hid_t object, const char *name,
                             double real);
void h5_write_counts_attribute(const struct h5_context *file, hid_t object, const char *name,
                               const uint64_t *counts, size_t num_counts);
void h5_write_reals_attribute(const struct h5_context *file, hid_t object, const char *name,
                              const double *reals, size_t num_reals);
/* Names of the dimensions, e.g. "sample", "height", "width", as HDF5 dimension labels. */
void h5_write_dimension_labels(const struct h5_context *file, hid_t dataset,
                               const char *const *labels, size_t num_labels);

/* Reading accepts any string or numeric type that converts; what does not fit is refused. */
void h5_read_text_attribute(const struct h5_context *file, hid_t object, const char *name,
                            char *text, size_t size);
uint64_t h5_read_count_attribute(const struct h5_context *file, hid_t object, const char *name);
double h5_read_real_attribute(const struct h5_context *file, hid_t object, const char *name);
void h5_read_reals_attribute(const struct h5_context *file, hid_t object, const char *name,
                             double *reals, size_t num_reals);
void h5_read_counts_attribute(const struct h5_context *file, hid_t object, const char *name,
                              uint64_t *counts, size_t num_counts);
/* Integers that may be negative. */
void h5_read_integers_attribute(const struct h5_context *file, hid_t object, const char *name,
                                int64_t *integers, size_t num_integers);

/* What an attribute holds. */
struct h5_attribute_info {
    H5T_class_t type_class; /* H5T_INTEGER, H5T_FLOAT or H5T_STRING */
    bool is_signed;         /* of integers */
    size_t type_nbytes;     /* of one value, in the file */
    size_t num_values;
    size_t rank;
    hsize_t shape[H5S_MAX_RANK];
};
void h5_describe_attribute(const struct h5_context *file, hid_t object, const char *name,
                           struct h5_attribute_info *info);

/* How many values an attribute has, and of which class they are: H5T_INTEGER, H5T_FLOAT or
 * H5T_STRING; H5T_NO_CLASS on failure. */
size_t h5_num_attribute_values(const struct h5_context *file, hid_t object, const char *name);
H5T_class_t h5_attribute_class(const struct h5_context *file, hid_t object, const char *name);
/* Adds the names of all attributes of an object, in order. */
void h5_list_attributes(const struct h5_context *file, hid_t object, struct text_list *names);

/*
 * A text of items, "name=value" with blanks between them and in order of names, bytewise, as a
 * group of root with a text attribute for each, a description, and the text's CRC-32.  Reading
 * refuses items that do not have that CRC-32 any more, and gives an empty text where there is no
 * such group.
 */
void h5_write_items(const struct h5_context *file, hid_t root, const char *name,
                    const char *description, const char *items);
void h5_read_items(const struct h5_context *file, hid_t root, const char *name, char *items,
                   size_t size);

/* Root attributes format, format_version, created_by. */
void h5_write_format(const struct h5_context *file, hid_t root, const char *format,
                     const char *version);
/* Refuses another format or another major version. */
void h5_check_format(const struct h5_context *file, hid_t root, const char *format,
                     unsigned major_version);

/* ---- datasets ---- */

/* A dataset creation list without times. */
hid_t h5_create_dataset_list(const struct h5_context *file);
/* A fixed-length, null-padded UTF-8 string type of nbytes (at least 1). */
hid_t h5_create_text_type(const struct h5_context *file, size_t nbytes);

/* Writes a contiguous dataset and returns it open, for attributes. */
hid_t h5_write_dataset(const struct h5_context *file, hid_t parent, const char *name,
                       hid_t file_type, hid_t memory_type, size_t rank, const uint64_t *shape,
                       const void *data);
/* A 1-D dataset of strings, fixed-length UTF-8. */
void h5_write_texts(const struct h5_context *file, hid_t parent, const char *name,
                    const struct text_list *texts);

/* Opens a dataset by its whole name, "/train/labels". */
hid_t h5_open_dataset(const struct h5_context *file, hid_t root, const char *name);
/* How many dimensions an open dataset has. */
size_t h5_dataset_rank(const struct h5_context *file, hid_t dataset, const char *name);
/* The shape of a dataset of the expected rank and type class (H5T_INTEGER, ...). */
void h5_check_dataset(const struct h5_context *file, hid_t dataset, const char *name,
                      H5T_class_t type_class, size_t rank, uint64_t *shape);
/* Reads a whole dataset, converted to memory_type. */
void h5_read_dataset(const struct h5_context *file, hid_t dataset, const char *name,
                     hid_t memory_type, void *data);
/* Adds the strings of a 1-D dataset to texts. */
void h5_read_texts(const struct h5_context *file, hid_t root, const char *name,
                   struct text_list *texts);
/* Bytes of one chunk when decompressed, which HDF5 makes room for whatever the dataset's shape; 0
 * for a dataset without chunks. */
uint64_t h5_chunk_nbytes(const struct h5_context *file, hid_t dataset, const char *name);

#endif
