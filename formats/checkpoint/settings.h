/*
 * The settings of a run, as /config of a checkpoint holds them: names with a text, a whole number
 * or a real number.
 */
#ifndef QUERN_FORMATS_SETTINGS_H
#define QUERN_FORMATS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One attribute of /config: every setting that influences the result. */
enum setting_type { SETTING_TEXT, SETTING_COUNT, SETTING_REAL };

enum { SETTING_MAX_NAME = 48, SETTING_MAX_TEXT = 4200, SETTINGS_MAX = 64 };

struct setting {
    char name[SETTING_MAX_NAME];
    enum setting_type type;
    char text[SETTING_MAX_TEXT];
    uint64_t count;
    double real;
};

/* {0} is empty. */
struct settings {
    size_t count;
    struct setting items[SETTINGS_MAX];
    /* A setting was added for which there is no room: one too many, or a name or text too long. */
    bool is_overfull;
};

/* A setting that has no room changes nothing but is_overfull, and checkpoint_write refuses that. */
void settings_add_text(struct settings *settings, const char *name, const char *text);
void settings_add_count(struct settings *settings, const char *name, uint64_t count);
void settings_add_real(struct settings *settings, const char *name, double real);
/* NULL if there is none of that name. */
const struct setting *settings_find(const struct settings *settings, const char *name);
/* A setting's value as text, for messages. */
const char *setting_format(const struct setting *setting, char *buffer, size_t size);
/*
 * The first setting of either (b's first, in b's order) that the other does not hold with the same
 * value, or NULL; those of the names ignored (NULL at the end, or NULL) aside.  Both values are
 * written to the buffers of 128 bytes, "none" where absent.
 */
const char *settings_first_difference(const struct settings *a, const struct settings *b,
                                      const char *const *ignored, char a_value[128],
                                      char b_value[128]);

#endif
