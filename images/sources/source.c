#include "images/sources/source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "images/decoder.h"
#include "images/sources/archive_member.h"
#include "images/sources/array_pairs.h"
#include "images/sources/arrays.h"
#include "images/sources/directory.h"
#include "images/sources/spool.h"
#include "images/sources/stream.h"
#include "images/sources/tar.h"
#include "images/sources/webdataset.h"
#include "images/sources/zip.h"

struct source {
    const char *path;
    int descriptor;
    bool is_archive, has_contents;
    struct source_stamp stamp; /* of an archive, which is that of all its images */
    struct spool spool;
    struct members members;
    struct member_contents *contents; /* [images of the scan] */
    struct arrays *arrays;            /* NULL: images are files */
};

bool source_open(const char *path, const char *spool_path, struct source **result,
                 struct error *error)
{
    struct source *source = calloc(1, sizeof(*source));
    struct stat info;

    *result = NULL;
    if (!source)
        return error_set_memory(error, sizeof(*source));
    source->path = path;
    source->has_contents = true; /* of a directory; of an archive a scan tells */
    spool_begin(&source->spool, spool_path);
    source->descriptor = file_open_at(AT_FDCWD, path);
    if (source->descriptor < 0 || fstat(source->descriptor, &info) != 0) {
        error_set_errno(error, path, "cannot open the source");
    } else if (S_ISREG(info.st_mode)) {
        source->is_archive = true;
        source->stamp = source_stamp_of(&info);
    } else if (!S_ISDIR(info.st_mode)) {
        error_set(error, STATUS_DATA, ERROR_AT(.file = path), "is neither a folder nor an archive");
    }
    if (error_ok(error))
        *result = source;
    else
        source_close(source);
    return error_ok(error);
}

bool source_is_archive(const struct source *source)
{
    return source->is_archive;
}

bool source_has_files(const struct source *source)
{
    return !source->arrays;
}

static void source_forget_scan(struct source *source)
{
    members_free(&source->members);
    free(source->contents);
    source->contents = NULL;
    arrays_free(source->arrays);
    source->arrays = NULL;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    source_forget_scan(source);
    spool_end(&source->spool);
    file_close(&source->descriptor);
    free(source);
}

bool source_has_input(const struct source *source, const char *path)
{
    char *directory, *file;
    size_t length;
    bool is_below;

    if (source->is_archive)
        return file_is_same(source->path, path);
    directory = realpath(source->path, NULL);
    file = realpath(path, NULL);
    length = directory ? strlen(directory) : 0;
    is_below = directory && file && strncmp(directory, file, length) == 0 &&
               (file[length] == '/' || directory[length - 1] == '/') &&
               (decoder_has_extension(file) || array_pairs_has_name(file_base_name(file)));
    free(directory);
    free(file);
    return is_below;
}

/* ---- listing ---- */

static bool source_list_tar(struct source *source, bool wants_contents, struct error *error)
{
    struct stream *stream;
    bool ok = stream_open(source->descriptor, source->path, &stream, error) &&
              tar_list(stream, source->path, wants_contents ? &source->spool : NULL,
                       &source->members, error) &&
              spool_flush(&source->spool, error);

    source->has_contents = ok && (wants_contents || !stream_is_compressed(stream));
    stream_close(stream);
    return ok;
}

/* Where no image was found, there may be arrays of them: then the scan is of their rows. */
static bool source_scan_arrays(struct source *source, bool wants_contents, struct scan *scan,
                               struct error *error)
{
    bool ok;

    if (!source->is_archive)
        ok = arrays_find_in_directory(source->descriptor, source->path, &source->arrays, error);
    else
        ok = arrays_find_in_archive(source->descriptor, &source->spool, source->path,
                                    &source->members, &source->arrays, error);
    if (!ok || !source->arrays)
        return ok;
    scan_free(scan);
    ok = arrays_scan(source->arrays, wants_contents, &source->spool, scan, error);
    source->has_contents = ok && arrays_have_contents(source->arrays);
    return ok;
}

static bool source_list_members(struct source *source, bool wants_contents, struct error *error)
{
    source->has_contents = true;
    if (zip_is_one(source->descriptor))
        return zip_list(source->descriptor, source->path, &source->members, error);
    if (!source_list_tar(source, wants_contents, error))
        return false;
    /* Labels are read in any case. */
    if (source->has_contents ||
        (!arrays_are_among(&source->members) && !webdataset_is_among(&source->members)))
        return true;
    members_free(&source->members);
    return source_list_tar(source, true, error);
}

/* Scans the members of an archive: as a directory, or all images that have classes beside them. */
static bool source_scan_members(struct source *source, const struct scan_rules *rules,
                                struct scan *scan, struct error *error)
{
    const struct scan_rules everywhere = {0, NULL, rules->split_folders};

    if (webdataset_is_among(&source->members)) {
        if (!members_scan(&source->members, &everywhere, scan, &source->contents, error) ||
            !webdataset_label(source->descriptor, &source->spool, source->path, &source->members,
                              rules, scan, error))
            return false;
        if (scan->labelling)
            return true;
        scan_free(scan);
        free(source->contents);
        source->contents = NULL;
    }
    return members_scan(&source->members, rules, scan, &source->contents, error);
}

bool source_scan(struct source *source, const struct scan_rules *rules, bool wants_contents,
                 struct scan *scan, struct error *error)
{
    bool ok;

    *scan = (struct scan){0};
    source_forget_scan(source);
    if (!source->is_archive) {
        source->has_contents = true;
        ok = directory_scan(source->path, source->descriptor, rules, scan, error) &&
             (scan->num_images > 0 || source_scan_arrays(source, wants_contents, scan, error));
        if (!ok)
            scan_free(scan);
        return ok;
    }
    ok = source_list_members(source, wants_contents, error) &&
         source_scan_members(source, rules, scan, error) &&
         (scan->num_images > 0 || source_scan_arrays(source, wants_contents, scan, error));
    /* Their order is known now. */
    free(source->members.items);
    source->members.items = NULL;
    if (!ok)
        scan_free(scan);
    return ok;
}

bool source_has_contents(const struct source *source)
{
    return source->has_contents;
}

/* ---- reading ---- */

bool source_read(const struct source *source, const struct source_image *image,
                 struct source_reader *reader, struct source_file *file, struct error *error)
{
    const struct member_contents *contents;

    if (source->arrays)
        return arrays_read(source->arrays, image->index, &source->stamp, reader, file, error);
    if (!source->is_archive)
        return directory_read(source->descriptor, image->path, reader, file, error);
    *file = (struct source_file){.stamp = source->stamp};
    contents = &source->contents[image->index];
    return member_read(contents->storage == MEMBER_IN_SPOOL ? source->spool.descriptor
                                                            : source->descriptor,
                       contents, reader, file, error);
}

bool source_read_path(const char *path, struct source_reader *reader, struct source_file *file,
                      struct error *error)
{
    struct error reason = {0};
    int descriptor = file_open_at(AT_FDCWD, path);
    bool ok;

    if (descriptor < 0)
        return error_set_errno(error, path, "cannot open");
    ok = source_file_read_whole(descriptor, reader, file, &reason) ||
         error_set(error, reason.status, ERROR_AT(.file = path), "%s", reason.what);
    file_close(&descriptor);
    return ok;
}

bool source_look(const struct source *source, const struct source_image *image,
                 struct source_stamp *stamp, struct error *error)
{
    if (source->arrays) {
        *stamp = arrays_look(source->arrays, image->index, &source->stamp);
        return true;
    }
    if (!source->is_archive)
        return directory_look(source->descriptor, image->path, stamp, error);
    *stamp = source->stamp;
    return true;
}
