/*
 * A library for LD_PRELOAD that makes one chosen call of a program fail, for tests only.
 *
 *   QUERN_FAULT_FUNCTION  which calls are meant: the name of a group below
 *   QUERN_FAULT_NUMBER    which of them fails, from 1; the others are let through
 *   QUERN_FAULT_ERRNO     with what: a number, or a name such as EIO; "short" makes a read or write
 *                         move half of the bytes instead (at least one)
 *   QUERN_FAULT_REPORT    a file to append to: a line for the call that failed, which says whether
 *                         it came from inside HDF5 or libarchive, or, without a number, a line
 *                         "GROUP COUNT" for each group at the end of the program
 *
 * Calls are counted from the start of main, so that dynamic loading is left out.  Calls that
 * libraries make are counted too, those inside the C library (fopen, fclose, stdio's writes) are
 * not, except for memory.  A call that fails has no effect, but close does close.
 *
 * Memory that the OpenMP runtime and the dynamic loader ask for is not counted: without it they end
 * the program, and no program can do anything about that.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fault_choice.h"

/* The headers may have made some of these names macros or inline functions. */
#undef open
#undef read
#undef pread

#define IS_CHOSEN(group, detail) fault_is_chosen(group, detail, __builtin_return_address(0))

/* ---- the real functions ---- */

/* For what dlsym itself may ask for while it looks up the functions of memory. */
static _Alignas(16) char early_memory[8192];
static size_t early_nbytes;

static void *find_next(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (!function)
        fault_fail_to_start("no such function", name);
    return function;
}

/* Declares a static pointer named real to the next library's function of this name. */
#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    if (!real)                                                                                     \
    real = (__typeof__(real))find_next(#name)

/* ---- the start of main ---- */

typedef int main_function(int, char **, char **);
static main_function *program_main;

static int counted_main(int argc, char **argv, char **environment)
{
    fault_begin();
    return program_main(argc, argv, environment);
}

typedef int start_function(main_function *, int, char **, void (*)(void), void (*)(void),
                           void (*)(void), void *);
start_function __libc_start_main;

int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    REAL(__libc_start_main);
    program_main = main;
    return real(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* ---- open ---- */

static mode_t take_mode(int flags, va_list arguments)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
}

#define DEFINE_OPEN(name)                                                                          \
    int name(const char *path, int flags, ...);                                                    \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
        REAL(name);                                                                                \
        va_start(arguments, flags);                                                                \
        mode = take_mode(flags, arguments);                                                        \
        va_end(arguments);                                                                         \
        return IS_CHOSEN(GROUP_OPEN, path) ? -1 : real(path, flags, mode);                         \
    }

#define DEFINE_OPENAT(name)                                                                        \
    int name(int folder, const char *path, int flags, ...);                                        \
    int name(int folder, const char *path, int flags, ...)                                         \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
        REAL(name);                                                                                \
        va_start(arguments, flags);                                                                \
        mode = take_mode(flags, arguments);                                                        \
        va_end(arguments);                                                                         \
        return IS_CHOSEN(GROUP_OPEN, path) ? -1 : real(folder, path, flags, mode);                 \
    }

DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

/* ---- fcntl, of which locks alone are counted ---- */

static bool is_lock(int command)
{
    return command == F_OFD_SETLK || command == F_OFD_SETLKW || command == F_SETLK ||
           command == F_SETLKW;
}

/* The argument is a number, a pointer, or missing; registers carry each of them alike. */
#define DEFINE_FCNTL(name)                                                                         \
    int name(int fd, int command, ...);                                                            \
    int name(int fd, int command, ...)                                                             \
    {                                                                                              \
        va_list arguments;                                                                         \
        void *argument;                                                                            \
        REAL(name);                                                                                \
        va_start(arguments, command);                                                              \
        argument = va_arg(arguments, void *);                                                      \
        va_end(arguments);                                                                         \
        return is_lock(command) && IS_CHOSEN(GROUP_LOCK, NULL) ? -1 : real(fd, command, argument); \
    }

DEFINE_FCNTL(fcntl)
DEFINE_FCNTL(fcntl64)

/* DEFINE(group, detail, result type, failure, name, (parameters), (arguments)) */
#define DEFINE(group, detail, type, failure, name, parameters, arguments)                          \
    type name parameters;                                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        REAL(name);                                                                                \
        return IS_CHOSEN(group, detail) ? failure : real arguments;                                \
    }

/* What a program compiled with _FORTIFY_SOURCE calls. */
DEFINE(GROUP_OPEN, path, int, -1, __open_2, (const char *path, int flags), (path, flags))
DEFINE(GROUP_OPEN, path, int, -1, __open64_2, (const char *path, int flags), (path, flags))
DEFINE(GROUP_OPEN, path, int, -1, __openat_2, (int folder, const char *path, int flags),
       (folder, path, flags))
DEFINE(GROUP_OPEN, path, int, -1, __openat64_2, (int folder, const char *path, int flags),
       (folder, path, flags))
DEFINE(GROUP_OPEN, path, int, -1, creat, (const char *path, mode_t mode), (path, mode))
DEFINE(GROUP_OPEN, path, int, -1, creat64, (const char *path, mode_t mode), (path, mode))
DEFINE(GROUP_OPEN, template, int, -1, mkostemp, (char *template, int flags), (template, flags))

/* ---- read and write ---- */

static size_t half_of(size_t nbytes)
{
    return nbytes > 1 ? nbytes / 2 : nbytes;
}

/* As DEFINE, but the failure may be a transfer of fewer bytes. */
#define DEFINE_TRANSFER(group, name, parameters, arguments)                                        \
    ssize_t name parameters;                                                                       \
    ssize_t name parameters                                                                        \
    {                                                                                              \
        REAL(name);                                                                                \
        if (IS_CHOSEN(group, NULL)) {                                                              \
            if (!fault_is_short())                                                                 \
                return -1;                                                                         \
            nbytes = half_of(nbytes);                                                              \
        }                                                                                          \
        return real arguments;                                                                     \
    }

DEFINE_TRANSFER(GROUP_READ, read, (int fd, void *bytes, size_t nbytes), (fd, bytes, nbytes))
DEFINE_TRANSFER(GROUP_READ, __read_chk, (int fd, void *bytes, size_t nbytes, size_t room),
                (fd, bytes, nbytes, room))
DEFINE_TRANSFER(GROUP_PREAD, pread, (int fd, void *bytes, size_t nbytes, off_t offset),
                (fd, bytes, nbytes, offset))
DEFINE_TRANSFER(GROUP_PREAD, pread64, (int fd, void *bytes, size_t nbytes, off64_t offset),
                (fd, bytes, nbytes, offset))
DEFINE_TRANSFER(GROUP_PREAD, __pread_chk,
                (int fd, void *bytes, size_t nbytes, off_t offset, size_t room),
                (fd, bytes, nbytes, offset, room))
DEFINE_TRANSFER(GROUP_PREAD, __pread64_chk,
                (int fd, void *bytes, size_t nbytes, off64_t offset, size_t room),
                (fd, bytes, nbytes, offset, room))
DEFINE_TRANSFER(GROUP_WRITE, write, (int fd, const void *bytes, size_t nbytes), (fd, bytes, nbytes))
DEFINE_TRANSFER(GROUP_PWRITE, pwrite, (int fd, const void *bytes, size_t nbytes, off_t offset),
                (fd, bytes, nbytes, offset))
DEFINE_TRANSFER(GROUP_PWRITE, pwrite64, (int fd, const void *bytes, size_t nbytes, off64_t offset),
                (fd, bytes, nbytes, offset))

/* ---- files and folders ---- */

DEFINE(GROUP_FSYNC, NULL, int, -1, fsync, (int fd), (fd))
DEFINE(GROUP_FSYNC, NULL, int, -1, fdatasync, (int fd), (fd))
DEFINE(GROUP_RENAME, to, int, -1, rename, (const char *from, const char *to), (from, to))
DEFINE(GROUP_RENAME, to, int, -1, renameat,
       (int from_folder, const char *from, int to_folder, const char *to),
       (from_folder, from, to_folder, to))
DEFINE(GROUP_RENAME, to, int, -1, renameat2,
       (int from_folder, const char *from, int to_folder, const char *to, unsigned flags),
       (from_folder, from, to_folder, to, flags))
DEFINE(GROUP_TRUNCATE, NULL, int, -1, ftruncate, (int fd, off_t length), (fd, length))
DEFINE(GROUP_TRUNCATE, NULL, int, -1, ftruncate64, (int fd, off64_t length), (fd, length))
DEFINE(GROUP_LOCK, NULL, int, -1, flock, (int fd, int operation), (fd, operation))
DEFINE(GROUP_STAT, NULL, int, -1, fstat, (int fd, struct stat *info), (fd, info))
DEFINE(GROUP_STAT, NULL, int, -1, fstat64, (int fd, struct stat64 *info), (fd, info))
DEFINE(GROUP_STAT, path, int, -1, stat, (const char *path, struct stat *info), (path, info))
DEFINE(GROUP_STAT, path, int, -1, stat64, (const char *path, struct stat64 *info), (path, info))
DEFINE(GROUP_STAT, path, int, -1, fstatat,
       (int folder, const char *path, struct stat *info, int flags), (folder, path, info, flags))
DEFINE(GROUP_STAT, path, int, -1, fstatat64,
       (int folder, const char *path, struct stat64 *info, int flags), (folder, path, info, flags))
DEFINE(GROUP_FOLDER, path, int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
DEFINE(GROUP_FOLDER, path, DIR *, NULL, opendir, (const char *path), (path))
DEFINE(GROUP_FOLDER, NULL, DIR *, NULL, fdopendir, (int fd), (fd))
DEFINE(GROUP_FOLDER, NULL, struct dirent *, NULL, readdir, (DIR * folder), (folder))
DEFINE(GROUP_FOLDER, NULL, struct dirent64 *, NULL, readdir64, (DIR * folder), (folder))
DEFINE(GROUP_FOLDER, path, int, -1, unlink, (const char *path), (path))

int close(int fd)
{
    int chosen;

    REAL(close);
    if (!IS_CHOSEN(GROUP_CLOSE, NULL))
        return real(fd);
    chosen = errno;
    real(fd);
    errno = chosen;
    return -1;
}

/* ---- memory ---- */

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);

/* The functions of memory; false while they are being looked up. */
static bool find_memory_functions(void)
{
    static bool is_looking;

    if (real_realloc)
        return true;
    if (is_looking)
        return false;
    is_looking = true;
    real_malloc = (void *(*)(size_t))find_next("malloc");
    real_calloc = (void *(*)(size_t, size_t))find_next("calloc");
    real_realloc = (void *(*)(void *, size_t))find_next("realloc");
    is_looking = false;
    return true;
}

/* Zeroed; never freed. */
static void *allocate_early(size_t nbytes)
{
    void *block = early_memory + early_nbytes;

    nbytes = (nbytes + 15) / 16 * 16;
    if (nbytes > sizeof(early_memory) - early_nbytes)
        fault_fail_to_start("no early memory", "");
    early_nbytes += nbytes;
    return block;
}

void *malloc(size_t nbytes)
{
    if (!find_memory_functions())
        return allocate_early(nbytes);
    return IS_CHOSEN(GROUP_MALLOC, "malloc") ? NULL : real_malloc(nbytes);
}

void *calloc(size_t num_elements, size_t element_nbytes)
{
    if (!find_memory_functions())
        return allocate_early(num_elements * element_nbytes);
    return IS_CHOSEN(GROUP_MALLOC, "calloc") ? NULL : real_calloc(num_elements, element_nbytes);
}

void *realloc(void *block, size_t nbytes)
{
    if (!find_memory_functions())
        fault_fail_to_start("early realloc", "");
    return IS_CHOSEN(GROUP_MALLOC, "realloc") ? NULL : real_realloc(block, nbytes);
}

void *aligned_alloc(size_t alignment, size_t nbytes)
{
    REAL(aligned_alloc);
    return IS_CHOSEN(GROUP_MALLOC, "aligned_alloc") ? NULL : real(alignment, nbytes);
}

int posix_memalign(void **block, size_t alignment, size_t nbytes)
{
    REAL(posix_memalign);
    return IS_CHOSEN(GROUP_MALLOC, "posix_memalign") ? ENOMEM : real(block, alignment, nbytes);
}
