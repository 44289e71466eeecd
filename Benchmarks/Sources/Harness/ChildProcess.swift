package import Glibc

/// A program started with nothing but an argument list, found through `PATH`.
package struct ChildProcess: ~Copyable {
  /// Where a program's standard output goes.
  package enum Output: Sendable {
    case inherited
    case discarded
  }

  package let processIdentifier: pid_t
  private let name: String

  /// Starts a program; `input`, where there is one, is what it reads.
  package init(
    _ arguments: String..., input: MemoryFile? = nil, output: Output = .inherited
  ) throws {
    try self.init(arguments, input: input, output: output)
  }

  package init(
    _ arguments: [String], input: MemoryFile? = nil, output: Output = .inherited
  ) throws {
    name = arguments.joined(separator: " ")
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(
      &actions, STDIN_FILENO, input?.path ?? "/dev/null", O_RDONLY, 0)
    if output == .discarded {
      unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    }
    var vector: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
    unsafe vector.append(nil)
    defer { unsafe vector.forEach { unsafe free($0) } }
    var identifier: pid_t = 0
    // Once the program has started, it has opened its input, and needs its path no more.
    let code = withExtendedLifetime(input) {
      unsafe posix_spawnp(&identifier, arguments[0], &actions, nil, &vector, environ)
    }
    guard code == 0 else {
      throw HarnessError("\(name): \(unsafe String(cString: strerror(code)))")
    }
    processIdentifier = identifier
  }

  /// Waits for the program's end.
  ///
  /// - Throws: `HarnessError` if it ended with anything but exit status 0.
  package consuming func waitForSuccess() throws {
    let status = wait()
    guard status == 0 else {
      throw HarnessError("\(name): wait status \(status)")
    }
  }

  /// Asks the program to end (SIGTERM) and waits until it has.
  ///
  /// - Returns: its wait status, 0 where it ended with exit status 0.
  @discardableResult
  package consuming func terminate() -> Int32 {
    kill(processIdentifier, SIGTERM)
    return wait()
  }

  /// Whether the program is still running.
  package var isRunning: Bool {
    var information = unsafe siginfo_t()
    let result = unsafe waitid(
      P_PID, id_t(processIdentifier), &information, WEXITED | WNOHANG | WNOWAIT)
    return unsafe result == 0 && information.si_signo == 0
  }

  private func wait() -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(processIdentifier, &status, 0) == -1, errno == EINTR {}
    return status
  }
}
