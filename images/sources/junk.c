#include "images/sources/junk.h"

#include <string.h>
#include <strings.h>

/* Windows does not tell upper from lower case. */
static const struct junk {
    const char *name;
    bool is_any_case;
    bool is_prefix;
} junk_kinds[JUNK_NUM_KINDS] = {
    {"__MACOSX"},                        /* zips made by macOS */
    {"@eaDir"},                          /* Synology */
    {".ipynb_checkpoints"},              /* Jupyter */
    {"__pycache__"},                     /* Python */
    {"$RECYCLE.BIN", true},              /* Windows */
    {"System Volume Information", true}, /* Windows */
    {"lost+found"},                      /* ext4 */
    {".DS_Store"},                       /* macOS */
    {"Thumbs.db", true},                 /* Windows */
    {"ehthumbs.db", true},               /* Windows */
    {"desktop.ini", true},               /* Windows */
    {"._", .is_prefix = true},           /* macOS, beside each file on other file systems */
    {".", .is_prefix = true},
};

static bool junk_is_kind(const struct junk *kind, const char *name, size_t length)
{
    size_t wanted = strlen(kind->name);

    if (kind->is_prefix ? length < wanted : length != wanted)
        return false;
    return (kind->is_any_case ? strncasecmp(name, kind->name, wanted)
                              : strncmp(name, kind->name, wanted)) == 0;
}

int junk_find(const char *name, size_t length)
{
    int kind = 0;

    /* Nearly all names are data: one look at the first byte tells. */
    if (length == 0 || !strchr("_@.$SslTtEeDd", name[0]))
        return JUNK_NONE;
    while (kind < JUNK_NUM_KINDS && !junk_is_kind(&junk_kinds[kind], name, length))
        kind++;
    return kind;
}

const char *junk_name(int kind)
{
    return kind == JUNK_HIDDEN          ? "names that begin with a dot"
           : junk_kinds[kind].is_prefix ? "._*"
                                        : junk_kinds[kind].name;
}

bool junk_find_in_path(const char *path, size_t *begin, size_t *length, int *kind)
{
    for (const char *at = path; *at; at += *at == '/') {
        *length = strcspn(at, "/");
        *begin = (size_t)(at - path);
        *kind = junk_find(at, *length);
        if (*kind != JUNK_NONE)
            return true;
        at += *length;
    }
    return false;
}
