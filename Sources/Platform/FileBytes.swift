private import Glibc

/// Whole files in one go, procfs' too, whose size nobody knows before.
public enum FileBytes {
  /// The file's bytes.
  ///
  /// - Throws: ``SystemError`` of the call that failed.
  public static func read(_ path: String) throws(SystemError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(code: errno) }
    defer { _ = close(descriptor) }
    return try read(descriptor)
  }

  /// What comes from standard input, until its end.
  ///
  /// - Throws: ``SystemError`` of the call that failed.
  public static func readStandardInput() throws(SystemError) -> [UInt8] { try read(STDIN_FILENO) }

  private static func read(_ descriptor: Int32) throws(SystemError) -> [UInt8] {
    var status = stat()
    let isSizeKnown = unsafe fstat(descriptor, &status) == 0 && status.st_size > 0
    var bytes: [UInt8] = []
    bytes.reserveCapacity(isSizeKnown ? Int(status.st_size) : 0)
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemError(code: errno) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Whether there is a file or directory of that name.
  public static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// The file as text, with what isn't UTF-8 replaced; nil where it can't be read.
  public static func text(_ path: String) -> String? {
    (try? read(path)).map { String(decoding: $0, as: UTF8.self) }
  }
}
