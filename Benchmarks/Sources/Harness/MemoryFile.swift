internal import CLinux
internal import Glibc

/// A text that other programs can read as a file, which lives in memory and ends with its object.
package final class MemoryFile: Sendable {
  private let descriptor: Int32

  package convenience init(_ text: String) throws {
    try self.init(bytes: Array(text.utf8))
  }

  package init(bytes: [UInt8]) throws {
    descriptor = unsafe memfd_create("text", MFD_CLOEXEC)
    guard descriptor >= 0 else { throw HarnessError("memfd_create: \(systemError())") }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw HarnessError("write: \(systemError())") }
      rest = rest.dropFirst(count)
    }
  }

  deinit {
    close(descriptor)
  }

  package var path: String { "/proc/\(getpid())/fd/\(descriptor)" }
}
