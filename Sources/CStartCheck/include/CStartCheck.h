#ifndef CSTARTCHECK_H
#define CSTARTCHECK_H

// Nothing is to be called: see StartCheck.c.

#endif
