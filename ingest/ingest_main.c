#include "common/options.h"
#include "common/signals.h"
#include "ingest/ingest.h"
#include "ingest/merge.h"

int main(int argc, char **argv)
{
    struct ingest_options options;
    struct error error = {0};
    bool done;
    bool ok;

    signals_ignore_limits();
    signals_catch_stop();
    ok = ingest_options_parse(&options, argc, argv, &done, &error);
    if (ok && !done)
        ok = (options.merge ? merge_run : ingest_run)(&options, stdout, stderr, &error);
    ingest_options_free(&options);
    return options_exit_status("quern-ingest", &error);
}
