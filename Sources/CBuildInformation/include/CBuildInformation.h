#ifndef CBUILDINFORMATION_H
#define CBUILDINFORMATION_H

/// The version control's revision that was built, as Package.swift found it.
const char *_Nonnull CBuildInformation_revision(void);

#endif
