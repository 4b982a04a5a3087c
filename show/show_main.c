#include "common/options.h"
#include "common/signals.h"
#include "show/show.h"
#include "show/show_options.h"

/* As diff and cmp have it: 0 the same, 1 different, more than that trouble. */
enum { EXIT_DIFFERENT = 1 };

int main(int argc, char **argv)
{
    struct show_options options;
    struct error error = {0};
    bool done = false, is_different = false;
    int status;

    signals_ignore_limits();
    if (show_options_parse(argc, argv, &options, &done, &error) && !done)
        show_run(&options, &is_different, &error);
    status = options_exit_status("quern-show", &error);
    return status == STATUS_OK && is_different ? EXIT_DIFFERENT : status;
}
