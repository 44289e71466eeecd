private import Glibc

/// What the system lets this process have.
public enum ProcessLimits {
  /// The number of file descriptors that it may have open; nil where the system doesn't tell.
  public static var openFiles: Int? { fileLimits.map { Int(clamping: $0.rlim_cur) } }

  /// The number of file descriptors that are open; nil where /proc doesn't tell.
  public static var openFileCount: Int? {
    guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe _ = closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // Not `.`, `..` and the descriptor that reads the directory.
    return count - 3
  }

  /// The clock ticks in a second of /proc's times, and the bytes in a page.
  public static var clockTicks: Int { sysconf(Int32(_SC_CLK_TCK)) }
  public static var pageSize: Int { sysconf(Int32(_SC_PAGESIZE)) }

  /// The processors that the process may use.
  public static var processors: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

  /// Lets the process open as many files as it may: a thousand idle clients take one each.
  public static func raiseOpenFiles() {
    guard var limits = fileLimits else { return }
    limits.rlim_cur = limits.rlim_max
    _ = unsafe setrlimit(resource, &limits)
  }

  private static var fileLimits: rlimit? {
    var limits = rlimit()
    return unsafe getrlimit(resource, &limits) == 0 ? limits : nil
  }

  private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
}
