#include "train/run_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/text.h"
#include "formats/file/atomic_file.h"

bool run_log_open(struct run_log *log, const char *folder, struct error *error)
{
    *log = (struct run_log){.descriptor = -1};
    if (asprintf(&log->path, "%s/log.jsonl", folder) < 0) {
        log->path = NULL;
        return error_set_memory(error, strlen(folder) + 16);
    }
    log->descriptor = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->descriptor < 0)
        return error_set_errno(error, log->path, "cannot open");
    return atomic_file_lock(log->descriptor, folder,
                            "another quern-train is at work in this folder", error);
}

void run_log_close(struct run_log *log)
{
    if (log->stream)
        fclose(log->stream);
    if (log->descriptor >= 0)
        close(log->descriptor);
    free(log->line);
    free(log->path);
    *log = (struct run_log){.descriptor = -1};
}

struct json *run_log_begin(struct run_log *log, const char *event, struct error *error)
{
    char date[32];
    struct timespec now;
    struct tm parts;

    log->stream = open_memstream(&log->line, &log->line_nbytes);
    if (!log->stream) {
        error_set_memory(error, 1);
        return NULL;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
    log->json = (struct json){.stream = log->stream};
    json_begin_object(&log->json, NULL);
    json_string(&log->json, "event", event);
    json_string(&log->json, "time", TEXT("%s.%03ldZ", date, now.tv_nsec / 1000000));
    return &log->json;
}

bool run_log_end(struct run_log *log, struct error *error)
{
    bool ok = true;
    ssize_t written;

    json_end_object(&log->json);
    fputc('\n', log->stream);
    if (fclose(log->stream) != 0)
        ok = error_set_memory(error, log->line_nbytes);
    log->stream = NULL;
    if (ok) {
        errno = ENOSPC; /* what a short write to a file means */
        written = write(log->descriptor, log->line, log->line_nbytes);
        if (written != (ssize_t)log->line_nbytes)
            ok = error_set_errno(error, log->path, "cannot write");
    }
    free(log->line);
    log->line = NULL;
    return ok;
}
