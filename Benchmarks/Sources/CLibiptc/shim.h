#ifndef CLIBIPTC_SHIM_H
#define CLIBIPTC_SHIM_H

#include <libiptc/libiptc.h>

#endif
