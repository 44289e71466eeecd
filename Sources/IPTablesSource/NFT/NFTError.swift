private import Glibc
internal import Netfilter
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

extension ReadingError {
  init(_ family: IPFamily, _ error: NFTError) {
    var code: Int32?
    let cause: String
    switch error {
    case .refused(let refusal):
      code = refusal.code
      cause = error == .notPermitted ? "\(refusal); it takes CAP_NET_ADMIN" : "\(refusal)"
    case .timedOut: cause = "no answer came within \(NetlinkSocket.patience) seconds"
    case .overrun: cause = "answers were lost, because they came faster than they were taken"
    case .malformed: cause = "an answer was none to what was asked"
    case .contradictory: cause = "something was missing, though no rule had changed"
    case .overtaken: cause = "the rules changed again and again while they were read"
    case .notLoaded: cause = "the kernel has not loaded nf_tables, and reading must not make it"
    }
    self.init(operation: .readNFTables(family), code: code, cause: cause)
  }
}

/// Whether the kernel's nf_tables can be asked without the kernel's loading it for that.
enum NFTAvailability {
  /// Whether nf_tables is there: loaded, built in, or in a kernel that loads no modules, which has
  /// nothing to lose by being asked.
  static var isPresent: Bool {
    FileBytes.exists("/sys/module/nf_tables") || !FileBytes.exists("/proc/modules") || isBuiltIn
  }

  /// Looked for once: the list of the kernel's symbols has megabytes, and doesn't lose what is built in.
  private static let isBuiltIn =
    FileBytes.text("/proc/kallsyms").map { symbols in
      symbols.utf8.split(separator: UInt8(ascii: "\n")).contains { line in
        // A module's symbol ends with the module's name.
        line.suffix(Self.symbol.count).elementsEqual(Self.symbol)
      }
    } ?? false

  private static let symbol = Array(" nft_do_chain".utf8)
}
