#ifndef CGLIBC_SHIM_H
#define CGLIBC_SHIM_H

// What the Glibc module map leaves out.
#include <malloc.h>
#include <sys/mman.h>

#endif
