#include "CBuildInformation.h"

const char *CBuildInformation_revision(void) { return REVISION; }
