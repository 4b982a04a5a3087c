/*
 * Files and directories, for everybody: opening, whole reads and writes, temporary names that
 * nobody can foresee, and what it takes for a file or a directory to be on disk.
 *
 * Interrupted calls are repeated.  Every failure is STATUS_IO with the name that the caller gives,
 * which is what messages show (a member of an archive, the final name of a temporary file); a file
 * that ends early is STATUS_DATA.  Thread-safe, as long as each file is one thread's at a time.
 */
#ifndef QUERN_COMMON_FILE_H
#define QUERN_COMMON_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/text_list.h"

/*
 * Opens a regular file for reading and tells its size (nbytes may be NULL).  What is no regular
 * file is refused without waiting for it: a FIFO or a device would.  -1 on failure.
 */
int file_open(const char *path, uint64_t *nbytes, struct error *error);

/*
 * Opens for reading, without waiting for anybody, what there is at a path below an open directory
 * (AT_FDCWD: below the current one): a file, a directory, a FIFO or a device, for the caller to
 * tell apart.  -1 with errno.
 */
int file_open_at(int directory, const char *path);
/* The entries of a directory, likewise, for readdir(); NULL with errno. */
DIR *file_open_directory_at(int directory, const char *path);

/*
 * Opens a regular file for appending and for reading, creating it if it is not there.  What is no
 * regular file is refused without waiting for it.  -1 on failure.
 */
int file_open_appending(const char *path, struct error *error);

/* Opens what there is at path for writing, a FIFO or a device: what is written goes there in order.
 * -1 on failure. */
int file_open_writing(const char *path, struct error *error);

/* Closes what is open (descriptor >= 0); for a file that was written, a failed close is an error.
 */
void file_close(int *descriptor);
bool file_close_written(int *descriptor, const char *name, struct error *error);

/* As many of the nbytes at offset as there are, fewer only at the end of the file; -1 with errno.
 */
ssize_t file_read_some_at(int descriptor, void *bytes, size_t nbytes, uint64_t offset);

/* All of the nbytes at offset, or STATUS_DATA "is truncated". */
bool file_read_at(int descriptor, const char *name, void *bytes, size_t nbytes, uint64_t offset,
                  struct error *error);
/* All of the bytes, at the file's position or at offset. */
bool file_write(int descriptor, const char *name, const void *bytes, size_t nbytes,
                struct error *error);
bool file_write_at(int descriptor, const char *name, const void *bytes, size_t nbytes,
                   uint64_t offset, struct error *error);

bool file_size(int descriptor, const char *name, uint64_t *nbytes, struct error *error);
/* Cuts the file off behind its first nbytes. */
bool file_truncate(int descriptor, const char *name, uint64_t nbytes, struct error *error);

/*
 * Reads a whole regular file of max_nbytes at most (more is STATUS_DATA) into *bytes, which holds
 * one NUL more and is the caller's to free.
 */
bool file_read_whole(const char *path, uint64_t max_nbytes, uint8_t **bytes, size_t *nbytes,
                     struct error *error);

/*
 * Where a file that is to be written as path will lie: symbolic links are followed, also to what
 * does not exist yet.  Malloc'ed; NULL on failure, which is also a path that is there and is no
 * regular file.
 */
char *file_resolve(const char *path, struct error *error);

/*
 * ".NAME.", 16 random digits and ".partial", in the directory of path; malloc'ed, NULL on failure.
 * A NAME with which that would be too long is cut, and marked by "~" and its CRC-32.
 */
char *file_temporary_name(const char *path, struct error *error);

/*
 * Creates the temporary file of path for reading and writing: with a new name, never through a
 * link, and with the permissions of any new file.  *temporary_path is the caller's to free.  -1 on
 * failure, named by path.
 */
int file_create_temporary(const char *path, char **temporary_path, struct error *error);

/*
 * Creates a file for reading and writing in the directory of path that has no name any more, and
 * is gone when it is closed.  -1 on failure, named by path.
 */
int file_create_nameless(const char *path, struct error *error);

/*
 * Writes a whole regular file, through a temporary one that takes its name: whatever happens to the
 * process, and to the machine too if is_flushed, the old file or the new one is there.  Symbolic
 * links are followed.
 */
bool file_replace(const char *path, const void *bytes, size_t nbytes, bool is_flushed,
                  struct error *error);

/*
 * Makes path another name of an existing file, in place of what it was; a copy where the file
 * system has no hard links.
 */
bool file_link(const char *existing, const char *path, struct error *error);

/* Is name that of a temporary file, or that of the temporary file of a file called base?  Both are
 * without their directory. */
bool file_is_temporary(const char *name);
bool file_is_temporary_of(const char *name, const char *base);

/* On disk means on disk: flushed through the descriptor that wrote the file. */
bool file_flush(int descriptor, const char *name, struct error *error);
/* The directory that holds path: after a file in it was created, renamed or removed. */
bool file_flush_directory_of(const char *path, struct error *error);

/* Makes a directory and those above it that are missing, each flushed into its parent. */
bool file_make_directories(const char *path, struct error *error);

/* The names in a directory, without . and .., in bytewise order. */
bool file_list_directory(const char *path, struct text_list *names, struct error *error);

/* Removes a file; one that is not there is fine. */
bool file_remove(const char *path, struct error *error);

bool file_exists(const char *path);
bool file_is_directory(const char *path);
/* Are these two names of one existing file? */
bool file_is_same(const char *a, const char *b);

/* The part of path behind its last slash. */
const char *file_base_name(const char *path);
/* The part before it: "." or "/" where there is none; malloc'ed, NULL without memory. */
char *file_directory_of(const char *path);

#endif
