#include "fault_choice.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

static const char *const group_names[NUM_GROUPS] = {
    "open",  "read",     "pread", "write", "pwrite", "fsync", "rename",
    "close", "truncate", "stat",  "lock",  "folder", "malloc"};

static const struct {
    const char *name;
    int number;
} errno_names[] = {
    {"EACCES", EACCES}, {"EDQUOT", EDQUOT}, {"EINTR", EINTR},   {"EIO", EIO},
    {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"ENOLCK", ENOLCK},
};

enum { NO_GROUP = -1, ERRNO_SHORT = -1, MAX_SKIPPED_RANGES = 16 };

static atomic_bool is_active;
static atomic_ulong counts[NUM_GROUPS];
static int chosen_group = NO_GROUP;
static unsigned long chosen_number;
static int chosen_errno;
static const char *report_path;
static struct {
    uintptr_t first, last;
} skipped_ranges[MAX_SKIPPED_RANGES];
static size_t num_skipped_ranges;

/* ---- the choice ---- */

void fault_fail_to_start(const char *what, const char *value)
{
    fprintf(stderr, "fault_injector: %s: %s\n", what, value);
    _exit(127);
}

static int parse_errno(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (*text && !*end)
        return (int)number;
    if (strcmp(text, "short") == 0)
        return ERRNO_SHORT;
    for (size_t i = 0; i < sizeof(errno_names) / sizeof(errno_names[0]); i++)
        if (strcmp(text, errno_names[i].name) == 0)
            return errno_names[i].number;
    fault_fail_to_start("unknown QUERN_FAULT_ERRNO", text);
    return 0;
}

static void read_environment(void)
{
    const char *function = getenv("QUERN_FAULT_FUNCTION");
    const char *number = getenv("QUERN_FAULT_NUMBER");
    const char *name = getenv("QUERN_FAULT_ERRNO");

    report_path = getenv("QUERN_FAULT_REPORT");
    if (!function || !number)
        return;
    for (int group = 0; group < NUM_GROUPS; group++)
        if (strcmp(function, group_names[group]) == 0)
            chosen_group = group;
    if (chosen_group == NO_GROUP)
        fault_fail_to_start("unknown QUERN_FAULT_FUNCTION", function);
    chosen_number = strtoul(number, NULL, 10);
    chosen_errno = parse_errno(name ? name : "EIO");
}

static int note_range(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    if (!strstr(info->dlpi_name, "libgomp") && !strstr(info->dlpi_name, "libomp") &&
        !strstr(info->dlpi_name, "/ld-linux"))
        return 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];

        if (header->p_type != PT_LOAD || num_skipped_ranges == MAX_SKIPPED_RANGES)
            continue;
        skipped_ranges[num_skipped_ranges].first = info->dlpi_addr + header->p_vaddr;
        skipped_ranges[num_skipped_ranges].last =
            info->dlpi_addr + header->p_vaddr + header->p_memsz;
        num_skipped_ranges++;
    }
    return 0;
}

static bool is_skipped(const void *caller)
{
    for (size_t i = 0; i < num_skipped_ranges; i++)
        if ((uintptr_t)caller >= skipped_ranges[i].first &&
            (uintptr_t)caller < skipped_ranges[i].last)
            return true;
    return false;
}

/* ---- the report, by system calls that are not counted ---- */

static void append_report(const char *line, size_t nbytes)
{
    long fd;

    if (!report_path)
        return;
    fd = syscall(SYS_openat, AT_FDCWD, report_path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0)
        return;
    if (syscall(SYS_write, fd, line, nbytes) < 0)
        fault_fail_to_start("cannot write", report_path);
    syscall(SYS_close, fd);
}

/* backtrace() of the C library would open another library, and that leaks. */
static _Unwind_Reason_Code note_library(struct _Unwind_Context *frame, void *place)
{
    const char **where = place;
    Dl_info info;

    if (dladdr((void *)_Unwind_GetIP(frame), &info) && info.dli_fname) {
        if (strstr(info.dli_fname, "libhdf5"))
            *where = ", inside HDF5";
        else if (strstr(info.dli_fname, "libarchive"))
            *where = ", inside libarchive";
    }
    return _URC_NO_REASON;
}

static void report_failure(enum group group, const char *detail, const void *caller)
{
    Dl_info info = {0};
    const char *where = "";
    char line[1024];
    int length;

    _Unwind_Backtrace(note_library, &where);
    dladdr(caller, &info);
    length = snprintf(line, sizeof(line), "%s %lu failed: %s, called by %s+0x%lx %s%s\n",
                      group_names[group], chosen_number, detail ? detail : "-",
                      info.dli_fname ? info.dli_fname : "?",
                      (unsigned long)((uintptr_t)caller - (uintptr_t)info.dli_fbase),
                      info.dli_sname ? info.dli_sname : "", where);
    append_report(line, length < (int)sizeof(line) ? (size_t)length : sizeof(line) - 1);
}

__attribute__((destructor)) static void report_counts(void)
{
    is_active = false;
    if (chosen_group != NO_GROUP)
        return;
    for (int group = 0; group < NUM_GROUPS; group++) {
        char line[64];
        int length = snprintf(line, sizeof(line), "%s %lu\n", group_names[group], counts[group]);

        append_report(line, (size_t)length);
    }
}

void fault_begin(void)
{
    read_environment();
    dl_iterate_phdr(note_range, NULL);
    is_active = true;
}

bool fault_is_chosen(enum group group, const char *detail, const void *caller)
{
    if (!is_active || (group == GROUP_MALLOC && is_skipped(caller)))
        return false;
    if (++counts[group] != chosen_number || (int)group != chosen_group)
        return false;
    report_failure(group, detail, caller);
    if (chosen_errno != ERRNO_SHORT)
        errno = chosen_errno;
    return true;
}

bool fault_is_short(void)
{
    return chosen_errno == ERRNO_SHORT;
}
