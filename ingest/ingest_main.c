#include "common/signals.h"
#include "ingest/ingest.h"
#include "ingest/merge.h"

int main(int argc, char **argv)
{
    struct ingest_options options;
    struct error error = {0};
    bool done;
    enum status status;

    signals_ignore_limits();
    signals_catch_stop();
    status = ingest_options_parse(&options, argc, argv, &done, &error);
    if (status == STATUS_OK && !done)
        status = (options.merge ? merge_run : ingest_run)(&options, stdout, stderr, &error);
    ingest_options_free(&options);
    return ingest_options_exit_status(status, &error);
}
