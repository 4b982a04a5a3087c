/*
 * The name that was meant by a word that is none: for the answer to a mistyped option or choice.
 */
#ifndef QUERN_COMMON_SUGGESTION_H
#define QUERN_COMMON_SUGGESTION_H

/* {0} before the first name is considered. */
struct suggestion {
    const char *name;  /* the nearest so far, not owned; NULL: none is near */
    unsigned distance; /* of that name, smaller is nearer */
};

/*
 * Takes name for the suggestion if it is nearer to what was typed than all before.  Near are, in
 * this order: what other programs call it ("lr" for learning-rate); up to a third of the letters
 * mistyped; the beginning of the name or more than the name; one of its words ("rate").
 */
void suggestion_consider(struct suggestion *suggestion, const char *typed, const char *name);

#endif
