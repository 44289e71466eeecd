private import Glibc

/// Whole files in one go.
public enum FileBytes {
  /// The kinds of files that a caller takes.
  public enum Kinds: Sendable {
    /// Regular files alone: what a configuration names is read on a thread that must not wait.
    case regularFiles
    /// Pipes as well, such as a shell's `<(…)`, and a terminal that somebody pastes into. The caller
    /// waits for what is written into them.
    case pipesToo
  }

  /// The bytes of a file that somebody named.
  ///
  /// It never waits for a regular file, nor for what turns out not to be one. Of pipes it waits for the
  /// end, where the caller takes them. Devices, sockets and directories are refused: they have no end,
  /// or none that comes.
  ///
  /// - Parameters:
  ///   - limit: the number of bytes that the file may have.
  ///   - kinds: what the file may be.
  /// - Throws: ``FileError``.
  public static func read(
    path: String, limit: Int, accepting kinds: Kinds
  ) throws(FileError) -> [UInt8] {
    // Without O_NONBLOCK to open a FIFO would be to wait for its writer.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw .system(SystemError(code: errno)) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(SystemError(code: errno)) }
    switch (status.st_mode & S_IFMT, kinds) {
    case (S_IFREG, _): break
    case (S_IFIFO, .pipesToo): waitForWriter(descriptor)
    case (S_IFCHR, .pipesToo) where isatty(descriptor) == 1: waitForWriter(descriptor)
    case (S_IFIFO, .regularFiles): throw .unsuitable("a pipe")
    case (S_IFDIR, _): throw .system(SystemError(code: EISDIR))
    default: throw .unsuitable("a device")
    }
    return try read(descriptor, limit: limit)
  }

  /// What comes from standard input, until its end: from a file, a pipe, a socket or a terminal. Other
  /// devices are refused.
  ///
  /// - Parameter limit: the number of bytes that it may have.
  /// - Throws: ``FileError``.
  public static func readStandardInput(limit: Int) throws(FileError) -> [UInt8] {
    var status = stat()
    guard unsafe fstat(STDIN_FILENO, &status) == 0 else {
      throw .system(SystemError(code: errno))
    }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFBLK || kind == S_IFCHR && isatty(STDIN_FILENO) == 0 {
      throw .unsuitable("a device")
    }
    return try read(STDIN_FILENO, limit: limit)
  }

  /// The bytes of one of the system's own files, as those of procfs, whose size nobody knows before.
  ///
  /// - Throws: ``SystemError`` of the call that failed.
  public static func read(_ path: String) throws(SystemError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(code: errno) }
    defer { _ = close(descriptor) }
    do throws(FileError) {
      return try read(descriptor, limit: .max)
    } catch {
      throw error.systemError
    }
  }

  private static func read(_ descriptor: Int32, limit: Int) throws(FileError) -> [UInt8] {
    var status = stat()
    let size = unsafe fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    if size > limit { throw .tooLarge(limit: limit) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system(SystemError(code: errno)) }
      if count == 0 { return bytes }
      if count > limit - bytes.count { throw .tooLarge(limit: limit) }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Waits until a pipe has a writer or had one, and lets reads wait for what it writes.
  private static func waitForWriter(_ descriptor: Int32) {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while unsafe poll(&request, 1, -1) < 0, errno == EINTR {}
    _ = fcntl(descriptor, F_SETFL, O_RDONLY)
  }

  /// Whether there is a file or directory of that name.
  public static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// One of the system's own files as text, with what isn't UTF-8 replaced; nil where it can't be read.
  public static func text(_ path: String) -> String? {
    (try? read(path)).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Why a file that somebody named wasn't read.
public enum FileError: Error, Sendable, Hashable {
  /// A system call failed.
  case system(SystemError)
  /// It is something else than a file with an end; the payload says what.
  case unsuitable(String)
  /// It has more bytes than such a file may have.
  case tooLarge(limit: Int)

  /// The code that a system call would have failed with.
  public var systemError: SystemError {
    switch self {
    case .system(let error): error
    case .unsuitable: SystemError(code: EINVAL)
    case .tooLarge: SystemError(code: EFBIG)
    }
  }
}

extension FileError: CustomStringConvertible {
  /// What is wrong, in words that follow "cannot read it: ".
  public var description: String {
    switch self {
    case .system(let error): "\(error)"
    case .unsuitable(let kind): "it is \(kind), not a regular file"
    case .tooLarge(let limit): "it is larger than \(limit >> 20) MiB"
    }
  }
}
