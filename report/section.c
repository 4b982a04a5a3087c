#include "report/section.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"
#include "formats/checkpoint/settings.h"

const char *section_class_name(const struct section *section, uint32_t label)
{
    return section->run->file->checkpoint.classes.items[label];
}

const char *section_setting_text(const struct report_run *run, const char *name)
{
    const struct setting *setting = settings_find(&run->file->checkpoint.config, name);

    return setting && setting->type == SETTING_TEXT ? setting->text : NULL;
}

const char *section_run_name(const struct report_run *run, char *buffer, size_t size)
{
    char *directory = file_directory_of(run->file->path);
    const char *name = directory ? file_base_name(directory) : "";

    text_format(buffer, size, "%s",
                strspn(name, "./") == strlen(name) ? file_base_name(run->file->path) : name);
    free(directory);
    return buffer;
}
