import CLibiptc
import Glibc

/// A text that other programs can read as a file, which lives in memory and ends with its value.
struct MemoryFile: ~Copyable {
  private let descriptor: Int32

  init(_ text: String) throws {
    descriptor = unsafe memfd_create("ruleset", MFD_CLOEXEC)
    guard descriptor >= 0 else { throw BenchError("memfd_create: \(systemError())") }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw BenchError("write: \(systemError())") }
      rest = rest.dropFirst(count)
    }
  }

  deinit {
    close(descriptor)
  }

  var path: String { "/proc/\(getpid())/fd/\(descriptor)" }
}
