/* What the gateway of formats/hdf5/hdf5.h shares between its files, for those alone. */
#ifndef QUERN_FORMATS_HDF5_CHECK_H
#define QUERN_FORMATS_HDF5_CHECK_H

#include "formats/hdf5/hdf5.h"

/* Opens a dataset by hard links alone; nothing else of it is checked. */
hid_t h5_open_object(const struct h5_context *file, hid_t root, const char *name);
/* Refuses a type that is no plain number or fixed-length string. */
void h5_check_type(const struct h5_context *file, hid_t type, const char *name);
/* "integers", for messages. */
const char *h5_class_name(H5T_class_t type_class);

#endif
