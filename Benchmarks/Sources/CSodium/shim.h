#ifndef CSODIUM_SHIM_H
#define CSODIUM_SHIM_H

#include <sodium/crypto_hash_sha256.h>

#endif
