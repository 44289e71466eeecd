#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

#include <linux/memfd.h>
#include <linux/sched.h>

// Behind _GNU_SOURCE in the C library's headers, and so missing from its Swift module.
int memfd_create(const char *name, unsigned int flags);
int unshare(int flags);

#endif
