internal import Glibc

/// Reads whole files.
public enum FileBytes {
  /// The kinds of files that a caller accepts.
  public enum Kinds: Sendable {
    /// Regular files only: the files of a configuration are read on a thread that must not wait.
    case regularFiles
    /// Pipes as well, such as a shell's `<(…)`, and a terminal that somebody pastes into. The
    /// caller waits for their writer.
    case pipesToo
  }

  /// Reads a file that somebody named.
  ///
  /// It waits only for the end of a pipe, if the caller accepts pipes. Devices, sockets and
  /// directories are refused, because they have no end or may never reach it.
  ///
  /// - Parameters:
  ///   - limit: The number of bytes that the file may have.
  ///   - kinds: What the file may be.
  /// - Throws: ``FileError``.
  public static func read(
    path: String, limit: Int, accepting kinds: Kinds
  ) throws(FileError) -> [UInt8] {
    // Without O_NONBLOCK, opening a FIFO would wait for its writer.
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

  /// Reads standard input: a file, a pipe, a socket or a terminal. Other devices are refused.
  ///
  /// - Parameter limit: The number of bytes that it may have.
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

  /// Reads one of the system's own files, such as those of procfs, whose size is not known before.
  ///
  /// - Throws: ``SystemError`` with the error of the call that failed.
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

  /// Waits until a pipe has or had a writer, and makes later reads wait for the writer's bytes.
  private static func waitForWriter(_ descriptor: Int32) {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while unsafe poll(&request, 1, -1) < 0, errno == EINTR {}
    _ = fcntl(descriptor, F_SETFL, O_RDONLY)
  }

  /// Calls `body` with each line of one of the system's own files, and never holds the whole.
  ///
  /// - Parameter body: Whether to go on.
  /// - Throws: ``SystemError`` with the error of the call that failed.
  public static func forEachLine(
    of path: String, _ body: (ArraySlice<UInt8>) -> Bool
  ) throws(SystemError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(code: errno) }
    defer { _ = close(descriptor) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    /// The beginning of a line whose end was not read yet.
    var rest: [UInt8] = []
    while true {
      let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemError(code: errno) }
      if count == 0 { break }
      var start = 0
      while let end = chunk[start..<count].firstIndex(of: UInt8(ascii: "\n")) {
        let isWanted = rest.isEmpty ? body(chunk[start..<end]) : body(rest + chunk[start..<end])
        if !isWanted { return }
        rest.removeAll(keepingCapacity: true)
        start = end + 1
      }
      rest += chunk[start..<count]
    }
    if !rest.isEmpty { _ = body(rest[...]) }
  }

  /// Whether there is a file or directory of that name.
  public static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Reads one of the system's own files as text; nil if it can't be read.
  public static func text(_ path: String) -> String? {
    (try? read(path)).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Why a file was not read.
public enum FileError: Error, Sendable, Hashable {
  /// A system call failed.
  case system(SystemError)
  /// It is not a file with an end; the payload names what it is.
  case unsuitable(String)
  /// It has more bytes than the caller allows.
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
  /// The reason, in words that follow "cannot read it: ".
  public var description: String {
    switch self {
    case .system(let error): "\(error)"
    case .unsuitable(let kind): "it is \(kind), not a regular file"
    case .tooLarge(let limit): "it is larger than \(limit >> 20) MiB"
    }
  }
}

/// Distinguishes contents of a file without reading them: by the file that the path leads to, its
/// size, and the times at which it was touched.
///
/// Counterpart: `struct stat`.
public struct FileSignature: Sendable, Hashable {
  private let device: UInt64
  private let inode: UInt64
  private let size: Int64
  private let modified: Duration
  private let changed: Duration

  /// The signature of the file at a path, through symbolic links; nil if there is no file.
  public init?(of path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    modified = Duration(status.st_mtim)
    changed = Duration(status.st_ctim)
  }

  /// Whether the file was touched less than this time ago, by the system's clock.
  ///
  /// A time in the future counts as long ago: the clock was set back.
  public func isYounger(than age: Duration) -> Bool {
    let now = Duration.seconds(WallClock.now)
    return changed <= now && now - changed < age
  }
}

/// The error of a system call.
public struct SystemError: Error, Sendable, Hashable {
  /// The `errno`.
  public let code: Int32

  public init(code: Int32) { self.code = code }

  /// ENOENT: there is no such file.
  public static let noSuchFile = SystemError(code: ENOENT)
}

extension SystemError: CustomStringConvertible {
  /// The C library's text for the code.
  public var description: String { unsafe String(cString: strerror(code)) }
}

/// The kinds of sockets, and the flags to open them with.
public enum SocketFlag {
  /// The kind that needs no connection.
  public static let datagram = Int32(bitPattern: SOCK_DGRAM.rawValue)
  /// Programs that this one starts do not inherit the socket.
  public static let closeOnExec = Int32(bitPattern: SOCK_CLOEXEC.rawValue)
  /// A read fails where it would have to wait.
  public static let nonBlocking = Int32(bitPattern: SOCK_NONBLOCK.rawValue)
}
