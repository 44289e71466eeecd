#ifndef CPCRE2_SHIM_H
#define CPCRE2_SHIM_H

// Of the three libraries the one for UTF-8.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#endif
