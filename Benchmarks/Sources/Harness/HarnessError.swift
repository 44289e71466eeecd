internal import Glibc

/// What kept a program from measuring or checking.
package struct HarnessError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// The message for the error that the last system call left in `errno`.
package func systemError() -> String {
  unsafe String(cString: strerror(errno))
}
