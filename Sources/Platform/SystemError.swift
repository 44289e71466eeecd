private import Glibc

/// A system call's refusal.
public struct SystemError: Error, Sendable, Hashable {
  /// The `errno`.
  public let code: Int32

  public init(code: Int32) { self.code = code }

  /// ENOENT: there is no such file.
  public static let noSuchFile = SystemError(code: ENOENT)
}

extension SystemError: CustomStringConvertible {
  /// The system's words for the code.
  public var description: String { unsafe String(cString: strerror(code)) }
}
