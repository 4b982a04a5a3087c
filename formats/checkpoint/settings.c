#include "formats/checkpoint/settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

/* A new setting; NULL, and noted, where there is no room for it. */
static struct setting *settings_add(struct settings *settings, const char *name,
                                    enum setting_type type)
{
    struct setting *setting;

    if (settings->count == SETTINGS_MAX || strlen(name) >= SETTING_MAX_NAME) {
        settings->is_overfull = true;
        return NULL;
    }
    setting = &settings->items[settings->count++];
    *setting = (struct setting){.type = type};
    memcpy(setting->name, name, strlen(name));
    return setting;
}

void settings_add_text(struct settings *settings, const char *name, const char *text)
{
    struct setting *setting;

    if (strlen(text) >= SETTING_MAX_TEXT) {
        settings->is_overfull = true;
        return;
    }
    setting = settings_add(settings, name, SETTING_TEXT);
    if (setting)
        memcpy(setting->text, text, strlen(text));
}

void settings_add_count(struct settings *settings, const char *name, uint64_t count)
{
    struct setting *setting = settings_add(settings, name, SETTING_COUNT);

    if (setting)
        setting->count = count;
}

void settings_add_real(struct settings *settings, const char *name, double real)
{
    struct setting *setting = settings_add(settings, name, SETTING_REAL);

    if (setting)
        setting->real = real;
}

const struct setting *settings_find(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->items[i].name, name) == 0)
            return &settings->items[i];
    return NULL;
}

const char *setting_format(const struct setting *setting, char *buffer, size_t size)
{
    if (!setting)
        return text_format(buffer, size, "none");
    if (setting->type == SETTING_TEXT)
        return text_format(buffer, size, "%s", setting->text);
    if (setting->type == SETTING_COUNT)
        return text_format(buffer, size, "%" PRIu64, setting->count);
    /* The shortest text that reads back as the same number. */
    for (int digits = 6; digits <= 17; digits++) {
        text_format(buffer, size, "%.*g", digits, setting->real);
        if (strtod(buffer, NULL) == setting->real)
            break;
    }
    return buffer;
}

static bool settings_agree(const struct setting *a, const struct setting *b)
{
    return a && b && a->type == b->type && strcmp(a->text, b->text) == 0 && a->count == b->count &&
           a->real == b->real;
}

static bool settings_is_one_of(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

const char *settings_first_difference(const struct settings *a, const struct settings *b,
                                      const char *const *ignored, char a_value[128],
                                      char b_value[128])
{
    const struct settings *lists[] = {b, a};

    for (int list = 0; list < 2; list++) {
        for (size_t i = 0; i < lists[list]->count; i++) {
            const char *name = lists[list]->items[i].name;
            const struct setting *in_a = settings_find(a, name), *in_b = settings_find(b, name);

            if (!settings_is_one_of(ignored, name) && !settings_agree(in_a, in_b)) {
                setting_format(in_a, a_value, 128);
                setting_format(in_b, b_value, 128);
                return name;
            }
        }
    }
    return NULL;
}
