#include "common/suggestion.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { MAX_NAME = 63, NOT_NEAR = 1000 };

/* What other programs call an option or a choice, where no likeness of the letters would tell. */
static const struct {
    const char *word;
    const char *name;
} suggestion_synonyms[] = {
    {"batch", "batch-size"},
    {"bs", "batch-size"},
    {"b", "batch-size"},
    {"ce", "cross-entropy"},
    {"color", "rgb"},
    {"colour", "rgb"},
    {"continue", "resume"},
    {"cpus", "threads"},
    {"criterion", "loss"},
    {"cv", "folds"},
    {"dest", "output"},
    {"e", "epochs"},
    {"f", "force"},
    {"grey", "gray"},
    {"grayscale", "gray"},
    {"j", "threads"},
    {"jobs", "threads"},
    {"lr", "learning-rate"},
    {"mem", "memory-limit"},
    {"n", "dry-run"},
    {"nproc", "threads"},
    {"num-workers", "threads"},
    {"o", "output"},
    {"out", "output"},
    {"outdir", "output"},
    {"output-dir", "output"},
    {"overwrite", "force"},
    {"pretrained", "init-from"},
    {"resize", "size"},
    {"test-split", "test-fraction"},
    {"V", "version"},
    {"val-split", "valid-fraction"},
    {"validation-split", "valid-fraction"},
    {"wd", "weight-decay"},
    {"weights", "init-from"},
    {"workers", "threads"},
};

static unsigned suggestion_least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Characters to insert, remove, replace or swap with their neighbour to make a of b. */
static unsigned suggestion_edit_distance(const char *a, const char *b)
{
    unsigned edits[MAX_NAME + 1][MAX_NAME + 1]; /* [i][k]: of the first i of a and first k of b */
    size_t a_length = strlen(a), b_length = strlen(b);

    if (a_length > MAX_NAME || b_length > MAX_NAME)
        return NOT_NEAR;
    for (size_t i = 0; i <= a_length; i++) {
        for (size_t k = 0; k <= b_length; k++) {
            if (i == 0 || k == 0) {
                edits[i][k] = (unsigned)(i + k);
                continue;
            }
            edits[i][k] = suggestion_least(edits[i - 1][k - 1] + (a[i - 1] != b[k - 1]),
                                           suggestion_least(edits[i - 1][k], edits[i][k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                edits[i][k] = suggestion_least(edits[i][k], edits[i - 2][k - 2] + 1);
        }
    }
    return edits[a_length][b_length];
}

/* Is word one of the words of name, which have dashes between them? */
static bool suggestion_has_word(const char *name, const char *word)
{
    size_t length = strlen(word);

    for (const char *start = name; start; start = strchr(start, '-')) {
        start += *start == '-';
        if (strncmp(start, word, length) == 0 && (start[length] == '-' || start[length] == '\0'))
            return true;
    }
    return false;
}

/* How far name is from what was typed: 0 for another word of the same meaning; or NOT_NEAR. */
static unsigned suggestion_distance(const char *typed, const char *name)
{
    char word[MAX_NAME + 1];
    size_t length = strlen(typed), name_length = strlen(name);
    unsigned distance;

    if (length == 0 || length > MAX_NAME)
        return NOT_NEAR;
    for (size_t i = 0; i < sizeof(suggestion_synonyms) / sizeof(suggestion_synonyms[0]); i++)
        if (strcmp(suggestion_synonyms[i].name, name) == 0 &&
            strcmp(suggestion_synonyms[i].word, typed) == 0)
            return 0;
    for (size_t i = 0; i <= length; i++)
        word[i] = typed[i] == '_' ? '-' : (char)tolower((unsigned char)typed[i]);
    distance = suggestion_edit_distance(word, name);
    if (3 * distance <= (length > name_length ? length : name_length))
        return distance;
    if (length >= 2 && (strncmp(word, name, length) == 0 || strncmp(word, name, name_length) == 0))
        return NOT_NEAR - 2;
    return suggestion_has_word(name, word) ? NOT_NEAR - 1 : NOT_NEAR;
}

void suggestion_consider(struct suggestion *suggestion, const char *typed, const char *name)
{
    unsigned distance = suggestion_distance(typed, name);

    if (distance < (suggestion->name ? suggestion->distance : NOT_NEAR))
        *suggestion = (struct suggestion){name, distance};
}
