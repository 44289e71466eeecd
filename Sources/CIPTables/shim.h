#ifndef CIPTABLES_SHIM_H
#define CIPTABLES_SHIM_H

#include <libiptc/libiptc.h>
#include <libiptc/libip6tc.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/xt_limit.h>

#endif
