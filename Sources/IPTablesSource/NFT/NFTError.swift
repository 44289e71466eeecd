private import Glibc
internal import Netfilter
internal import Platform

/// Why one of netfilter's subsystems could not be read.
enum NFTError: Error, Hashable {
  /// A call failed, or a request was refused: the `errno` is kept as it is.
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
  /// The kernel doesn't have the subsystem, or has not loaded it.
  case notLoaded

  /// ENOENT: what was asked for doesn't exist.
  static let notFound = NFTError.refused(.noSuchFile)
  /// EPERM.
  static let notPermitted = NFTError.refused(SystemError(code: EPERM))
}

extension NFTError {
  /// The refusal's `errno`; nil where it is none.
  var code: Int32? {
    if case .refused(let refusal) = self { refusal.code } else { nil }
  }

  /// What went wrong, in words.
  ///
  /// - Parameter subsystem: what was asked.
  func words(of subsystem: KernelSubsystem) -> String {
    switch self {
    case .refused(let refusal):
      self == .notPermitted ? "\(refusal); it takes CAP_NET_ADMIN" : "\(refusal)"
    case .timedOut: "no answer came within \(NetlinkSocket.patience) seconds"
    case .overrun: "answers were lost, because they came faster than they were taken"
    case .malformed: "an answer was none to what was asked"
    case .contradictory: "something was missing, though no rule had changed"
    case .overtaken: "the rules changed again and again while they were read"
    case .notLoaded:
      "the kernel has not loaded \(subsystem.module), and reading must not make it"
    }
  }
}

extension ReadingError {
  init(_ family: IPFamily, _ error: NFTError) {
    self.init(
      operation: .readNFTables(family), code: error.code, cause: error.words(of: .nfTables))
  }
}
