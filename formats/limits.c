#include "formats/limits.h"

#include "common/text.h"

bool limits_check_image(const char *file, const char *dataset, uint64_t height, uint64_t width,
                        uint64_t channels, struct error *error)
{
    if (height >= 1 && height <= LIMITS_MAX_IMAGE_SIDE && width >= 1 &&
        width <= LIMITS_MAX_IMAGE_SIDE && (channels == 1 || channels == 3))
        return true;
    return error_set(
        error, STATUS_DATA,
        ERROR_AT(.file = file, .dataset = dataset,
                 .expected = TEXT("sides of 1 to %d, 1 or 3 channels", LIMITS_MAX_IMAGE_SIDE),
                 .found = TEXT("%llux%llu, %llu channels", (unsigned long long)height,
                               (unsigned long long)width, (unsigned long long)channels)),
        "impossible image shape");
}

bool limits_check_classes(const char *file, size_t num_classes, size_t minimum, struct error *error)
{
    if (num_classes >= minimum && num_classes <= LIMITS_MAX_CLASSES)
        return true;
    return error_set(error, STATUS_DATA,
                     ERROR_AT(.file = file, .dataset = "/classes",
                              .expected = TEXT("%zu to %d", minimum, LIMITS_MAX_CLASSES),
                              .found = TEXT("%zu", num_classes)),
                     "wrong number of classes");
}
