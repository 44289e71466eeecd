private import Glibc
internal import Platform

/// Why nf_tables could not be read.
enum NFTError: Error, Hashable {
  /// A call failed, or nf_tables refused a request: the `errno` is kept as it is.
  case refused(SystemError)
  /// No answer came in time.
  case timedOut
  /// Messages came faster than they were taken, and the kernel dropped some.
  case overrun
  /// What came is no answer to the request.
  case malformed
  /// Something was missing, though no transaction came in between.
  case contradictory
  /// A transaction came in between each time the rules were read.
  case overtaken
  /// The kernel has no nf_tables, or has not loaded it.
  case notLoaded

  /// ENOENT: what was asked for doesn't exist.
  static let notFound = NFTError.refused(.noSuchFile)
  /// EPERM.
  static let notPermitted = NFTError.refused(SystemError(code: EPERM))
}
