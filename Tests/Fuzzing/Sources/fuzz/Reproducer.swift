private import Glibc
internal import Platform

/// A file that holds the input being run, for a trap can't tell of it any more.
///
/// libFuzzer keeps its own inputs; this is for those that it doesn't know of.
struct Reproducer {
  private let descriptor: Int32

  init(_ path: String) throws(SystemError) {
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError(code: errno) }
  }

  func keep(_ bytes: ArraySlice<UInt8>) {
    let written = unsafe bytes.withUnsafeBytes {
      unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0)
    }
    precondition(
      written == bytes.count && ftruncate(descriptor, bytes.count) == 0, "no room for the input")
  }
}
