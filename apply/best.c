#include "apply/best.h"

#include <math.h>
#include <string.h>

const char *const monitor_names[] = {"valid_loss", "valid_accuracy", NULL};

enum monitor best_monitor(const struct settings *config)
{
    const struct setting *setting = settings_find(config, "monitor");

    return setting && setting->type == SETTING_TEXT &&
                   strcmp(setting->text, monitor_names[MONITOR_VALID_ACCURACY]) == 0
               ? MONITOR_VALID_ACCURACY
               : MONITOR_VALID_LOSS;
}

/* Larger is better. */
static double best_merit(const struct epoch_record *record, enum monitor monitor)
{
    return monitor == MONITOR_VALID_ACCURACY ? record->valid_accuracy : -record->valid_loss;
}

const struct epoch_record *best_find(const struct epoch_record *records, size_t count,
                                     enum monitor monitor)
{
    const struct epoch_record *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (!isnan(best_merit(&records[i], monitor)) &&
            (!best || best_merit(&records[i], monitor) > best_merit(best, monitor)))
            best = &records[i];
    return best;
}

const struct epoch_record *best_before_last(const struct epoch_record *records, size_t count,
                                            enum monitor monitor)
{
    const struct epoch_record *best = best_find(records, count, monitor);

    /* A figure that is not a number is worse, too. */
    return best && !(best_merit(&records[count - 1], monitor) >= best_merit(best, monitor)) ? best
                                                                                            : NULL;
}

bool best_is_past(const struct epoch_record *records, size_t count, enum monitor monitor,
                  uint64_t patience)
{
    const struct epoch_record *best = best_find(records, count, monitor);

    return patience > 0 && best && records[count - 1].epoch - best->epoch >= patience;
}
