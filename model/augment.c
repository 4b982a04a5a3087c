#include "model/augment.h"
#include <string.h>
const struct augment_preset augment_presets[] = {{0}};
bool augment_parse(const char *t, struct augment *a, struct error *e)
{
    (void)t;
    (void)a;
    (void)e;
    return true;
}
void augment_print(const struct augment *a, char t[AUGMENT_TEXT_SIZE])
{
    (void)a;
    t[0] = 0;
}
bool augment_is_nothing(const struct augment *a)
{
    (void)a;
    return true;
}
size_t augment_scratch_nbytes(const struct augment *a, const struct image_shape *i)
{
    (void)a;
    (void)i;
    return 0;
}
void augment_apply(const struct augment *a, uint64_t s, uint64_t e, uint64_t n,
                   const struct image_shape *im, const uint8_t *in, uint8_t *out, void *x)
{
    (void)a;
    (void)s;
    (void)e;
    (void)n;
    (void)x;
    memcpy(out, in, image_num_values(im));
}
