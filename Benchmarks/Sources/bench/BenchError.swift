import Glibc

/// What kept the benchmark from measuring.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// The message for the error that the last system call left in `errno`.
func systemError() -> String {
  unsafe String(cString: strerror(errno))
}
