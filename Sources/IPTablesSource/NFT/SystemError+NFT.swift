private import Glibc
internal import Platform

extension SystemError {
  /// ENOBUFS: messages came faster than they were taken, and were dropped.
  static let overrun = SystemError(code: ENOBUFS)
  /// ENOENT: what was asked for doesn't exist.
  static let notFound = noSuchFile
  /// EBADMSG: an answer that is none.
  static let malformed = SystemError(code: EBADMSG)
  /// EPERM.
  static let notPermitted = SystemError(code: EPERM)
  /// EAGAIN: the rules changed each time they were read.
  static let overtaken = SystemError(code: EAGAIN)
  /// EPROTONOSUPPORT: the kernel has no nf_tables, or has not loaded it.
  static let notLoaded = SystemError(code: EPROTONOSUPPORT)
}
