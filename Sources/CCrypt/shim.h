#ifndef CCRYPT_SHIM_H
#define CCRYPT_SHIM_H

#include <crypt.h>

/// The importer leaves out `struct crypt_data`, whose arrays are too long for it.
enum { CCrypt_dataSize = sizeof(struct crypt_data) };

#endif
