import Glibc

/// Runs programs, in this thread's namespaces.
public enum Command {
  /// A program couldn't be started, or failed.
  public struct Failure: Error, CustomStringConvertible {
    public let arguments: [String]
    /// The exit status; nil where it was not started.
    public let status: Int32?
    public let words: String

    public var description: String {
      "\(arguments.joined(separator: " ")): status \(status.map(String.init) ?? "none"): \(words)"
    }
  }

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - arguments: The program, looked for in `PATH`, and its arguments.
  ///   - input: What it reads from its standard input.
  /// - Returns: What it wrote to its standard output.
  /// - Throws: ``Failure`` where it ends with another status than 0, with what it wrote to its
  ///   standard error.
  @discardableResult
  public static func run(_ arguments: String..., input: [UInt8] = []) throws(Failure) -> [UInt8] {
    try run(arguments, input: input)
  }

  /// Runs a program to its end, as ``run(_:input:)`` does.
  @discardableResult
  public static func run(
    _ arguments: [String], input: [UInt8] = []
  ) throws(Failure) -> [UInt8] {
    let standard = (TemporaryFile(), TemporaryFile(), TemporaryFile())
    standard.0.write(input)
    let status = try spawn(
      arguments, [standard.0.descriptor, standard.1.descriptor, standard.2.descriptor])
    guard status == 0 else {
      let words = String(decoding: standard.2.contents(), as: UTF8.self)
      throw Failure(arguments: arguments, status: status, words: words)
    }
    return standard.1.contents()
  }

  private static func spawn(_ arguments: [String], _ files: [Int32]) throws(Failure) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (number, file) in files.enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
    }
    var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let code = unsafe posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
    guard code == 0 else {
      let words = unsafe strerror(code).map { unsafe String(cString: $0) }
      throw Failure(arguments: arguments, status: nil, words: words ?? "")
    }
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
  }
}

/// A file without a name that is gone when it's closed; no pipe, so nobody waits for a reader.
private final class TemporaryFile {
  let descriptor: Int32

  init() {
    var template = Array("/tmp/kube-iptables-exporter-XXXXXX".utf8CString)
    descriptor = unsafe mkstemp(&template)
    precondition(descriptor >= 0, "no temporary file: errno \(errno)")
    unsafe unlink(template)
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) {
    var position = 0
    while position < bytes.count {
      let count = unsafe bytes[position...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      precondition(count > 0, "cannot write a temporary file: errno \(errno)")
      position += count
    }
    lseek(descriptor, 0, SEEK_SET)
  }

  func contents() -> [UInt8] {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = unsafe max(0, pread(descriptor, buffer.baseAddress, size, 0))
    }
  }
}
