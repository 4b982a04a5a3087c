#include "common/options.h"
#include "common/signals.h"
#include "show/show.h"
#include "show/show_options.h"

int main(int argc, char **argv)
{
    struct show_options options;
    struct error error = {0};
    bool done = false;

    signals_ignore_limits();
    if (show_options_parse(argc, argv, &options, &done, &error) && !done)
        show_run(&options, &error);
    return options_exit_status("quern-show", &error);
}
