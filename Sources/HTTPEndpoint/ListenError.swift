import Glibc
import NIOCore

/// The server could not listen on one of its addresses.
public struct ListenError: Error, CustomStringConvertible {
  /// The address it was given.
  public let address: ListenAddress

  /// Why it could not listen, in a few words.
  public let reason: String

  /// One line for the operator: `cannot listen on :9455: address already in use`.
  public var description: String { "cannot listen on \(address): \(reason)" }

  init(address: ListenAddress, cause: any Error) {
    self.address = address
    reason =
      switch cause {
      case let error as IOError: Self.reason(of: error)
      case is SocketAddressError: "unknown host"
      default: "\(cause)"
      }
  }

  private static func reason(of error: IOError) -> String {
    switch error.errnoCode {
    case EADDRINUSE: "address already in use"
    case EADDRNOTAVAIL: "this host has no such address"
    case EACCES: "permission denied"
    case EAFNOSUPPORT: "this host does not support the address family"
    case EMFILE, ENFILE: "too many open files"
    default: "\(error)"
    }
  }
}
