#include "draw/strokes.h"

#include <assert.h>

/* One letter a kind, so that a template reads as the path of the pen. */
#define S(x, y)                                                                                    \
    {                                                                                              \
        x, y, STROKE_START                                                                         \
    }
#define P(x, y)                                                                                    \
    {                                                                                              \
        x, y, STROKE_SMOOTH                                                                        \
    }
#define C(x, y)                                                                                    \
    {                                                                                              \
        x, y, STROKE_CORNER                                                                        \
    }

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATH(...)                                                                                  \
    .num_points = COUNT(((struct stroke_point[]){__VA_ARGS__})), .points = {__VA_ARGS__}

/* clang-format off */
static const struct stroke_template zeros[] = {
    {PATH(S(.52f, .02f), P(.29f, .17f), P(.19f, .50f), P(.28f, .85f), P(.50f, .98f), P(.73f, .83f),
          P(.81f, .48f), P(.70f, .15f), P(.50f, .03f)), .frequency = 3},
    {PATH(S(.66f, .06f), P(.38f, .10f), P(.22f, .42f), P(.27f, .82f), P(.47f, .98f), P(.70f, .80f),
          P(.77f, .42f), P(.62f, .10f), P(.46f, .08f)), .frequency = 1},
};

static const struct stroke_template ones[] = {
    {PATH(S(.52f, .00f), P(.51f, .50f), P(.50f, 1.f)), .frequency = 5},
    {PATH(S(.34f, .22f), P(.45f, .13f), C(.54f, .00f), P(.53f, .50f), P(.52f, 1.f)),
     .frequency = 3},
    {PATH(S(.34f, .20f), P(.44f, .12f), C(.52f, .00f), P(.52f, .50f), P(.51f, 1.f),
          S(.30f, .99f), P(.51f, 1.f), P(.74f, .98f)), .frequency = 1},
};

static const struct stroke_template twos[] = {
    {PATH(S(.21f, .25f), P(.31f, .06f), P(.57f, .01f), P(.75f, .19f), P(.68f, .45f), P(.45f, .72f),
          C(.19f, .97f), P(.50f, .95f), P(.83f, .94f)), .frequency = 2},
    {PATH(S(.22f, .22f), P(.36f, .04f), P(.62f, .03f), P(.75f, .24f), P(.63f, .53f), P(.40f, .84f),
          P(.21f, .96f), P(.15f, .84f), P(.29f, .77f), P(.52f, .90f), P(.71f, .97f), P(.88f, .87f)),
     .frequency = 2},
    {PATH(S(.24f, .12f), P(.48f, .02f), P(.70f, .13f), P(.70f, .36f), P(.50f, .68f), P(.28f, .92f),
          P(.38f, .93f), P(.60f, .97f), P(.84f, .92f)), .frequency = 1},
};

static const struct stroke_template threes[] = {
    {PATH(S(.23f, .13f), P(.42f, .01f), P(.66f, .06f), P(.72f, .23f), P(.60f, .40f),
          C(.40f, .47f), P(.64f, .52f), P(.78f, .70f), P(.68f, .91f), P(.44f, .99f), P(.20f, .89f)),
     .frequency = 4},
    {PATH(S(.22f, .05f), P(.48f, .04f), C(.74f, .01f), P(.60f, .20f), C(.44f, .40f), P(.67f, .47f),
          P(.78f, .68f), P(.66f, .92f), P(.42f, .99f), P(.20f, .90f)), .frequency = 1},
    {PATH(S(.26f, .10f), P(.46f, .01f), P(.68f, .10f), P(.67f, .30f), P(.50f, .45f), P(.38f, .50f),
          P(.40f, .43f), P(.62f, .50f), P(.77f, .68f), P(.66f, .92f), P(.40f, .99f), P(.22f, .86f)),
     .frequency = 2},
};

static const struct stroke_template fours[] = {
    {PATH(S(.29f, .03f), P(.22f, .33f), C(.19f, .57f), P(.50f, .57f), P(.86f, .53f),
          S(.71f, .04f), P(.66f, .50f), P(.62f, 1.f)), .frequency = 3},
    {PATH(S(.66f, .00f), P(.40f, .34f), C(.15f, .67f), P(.50f, .67f), P(.88f, .65f),
          S(.66f, .00f), P(.64f, .50f), P(.62f, 1.f)), .frequency = 2},
    {PATH(S(.26f, .05f), P(.20f, .32f), P(.34f, .48f), P(.56f, .45f), P(.73f, .34f),
          S(.78f, .02f), P(.72f, .42f), P(.64f, 1.f)), .frequency = 2},
};

static const struct stroke_template fives[] = {
    {PATH(S(.37f, .05f), P(.33f, .23f), C(.29f, .43f), P(.50f, .36f), P(.72f, .46f), P(.77f, .70f),
          P(.63f, .93f), P(.42f, .99f), P(.20f, .90f), S(.36f, .05f), P(.58f, .05f), P(.80f, .02f)),
     .frequency = 3},
    {PATH(S(.82f, .03f), P(.60f, .03f), C(.38f, .06f), P(.33f, .25f), P(.32f, .42f), P(.55f, .47f),
          P(.72f, .64f), P(.66f, .89f), P(.42f, .99f), P(.18f, .93f)), .frequency = 2},
};

static const struct stroke_template sixes[] = {
    {PATH(S(.67f, .01f), P(.42f, .20f), P(.26f, .50f), P(.25f, .79f), P(.42f, .98f), P(.65f, .92f),
          P(.74f, .72f), P(.61f, .55f), P(.42f, .58f), P(.28f, .75f)), .frequency = 3},
    {PATH(S(.46f, .00f), P(.31f, .30f), P(.24f, .66f), P(.34f, .94f), P(.57f, .97f), P(.72f, .78f),
          P(.66f, .58f), P(.44f, .57f), P(.27f, .76f)), .frequency = 2},
};

static const struct stroke_template sevens[] = {
    {PATH(S(.19f, .09f), P(.50f, .07f), C(.80f, .04f), P(.64f, .38f), P(.51f, .70f), P(.43f, 1.f)),
     .frequency = 4},
    {PATH(S(.19f, .09f), P(.50f, .07f), C(.80f, .04f), P(.64f, .38f), P(.51f, .70f), P(.43f, 1.f),
          S(.36f, .52f), P(.55f, .50f), P(.74f, .47f)), .frequency = 2},
    {PATH(S(.19f, .25f), C(.22f, .07f), P(.50f, .07f), C(.80f, .03f), P(.66f, .36f), P(.55f, .68f),
          P(.50f, 1.f)), .frequency = 2},
    {PATH(S(.18f, .19f), P(.32f, .05f), P(.56f, .08f), P(.76f, .08f), P(.72f, .26f), P(.56f, .58f),
          P(.42f, 1.f)), .frequency = 2},
};

static const struct stroke_template eights[] = {
    {PATH(S(.71f, .16f), P(.51f, .01f), P(.30f, .12f), P(.33f, .34f), P(.52f, .47f), P(.71f, .64f),
          P(.73f, .85f), P(.50f, .99f), P(.28f, .86f), P(.31f, .65f), P(.50f, .47f), P(.67f, .33f),
          P(.71f, .12f)), .frequency = 3},
    {PATH(S(.52f, .46f), P(.32f, .33f), P(.33f, .11f), P(.52f, .01f), P(.70f, .12f), P(.69f, .33f),
          P(.51f, .46f), P(.29f, .64f), P(.27f, .86f), P(.50f, .99f), P(.73f, .86f), P(.72f, .64f),
          P(.51f, .46f)), .frequency = 2},
};

static const struct stroke_template nines[] = {
    {PATH(S(.74f, .14f), P(.52f, .02f), P(.30f, .15f), P(.28f, .38f), P(.47f, .50f), P(.67f, .38f),
          C(.75f, .12f), P(.71f, .55f), P(.66f, 1.f)), .frequency = 4},
    {PATH(S(.73f, .16f), P(.52f, .02f), P(.29f, .14f), P(.29f, .38f), P(.49f, .49f), P(.68f, .34f),
          C(.75f, .12f), P(.76f, .48f), P(.68f, .84f), P(.48f, .99f), P(.26f, .91f)),
     .frequency = 2},
    {PATH(S(.66f, .08f), P(.42f, .06f), P(.27f, .28f), P(.42f, .46f), P(.64f, .33f), P(.70f, .12f),
          P(.68f, .40f), P(.55f, .72f), P(.40f, 1.f)), .frequency = 2},
};
/* clang-format on */

const struct stroke_template *strokes_list_templates(unsigned digit, size_t *num_templates)
{
    static const struct {
        const struct stroke_template *templates;
        size_t count;
    } digits[STROKES_NUM_DIGITS] = {
        {zeros, COUNT(zeros)},   {ones, COUNT(ones)},     {twos, COUNT(twos)},
        {threes, COUNT(threes)}, {fours, COUNT(fours)},   {fives, COUNT(fives)},
        {sixes, COUNT(sixes)},   {sevens, COUNT(sevens)}, {eights, COUNT(eights)},
        {nines, COUNT(nines)},
    };

    assert(digit < STROKES_NUM_DIGITS);
    *num_templates = digits[digit].count;
    return digits[digit].templates;
}
