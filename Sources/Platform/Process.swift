private import CGlibc
internal import Dispatch
private import Glibc

/// What the system lets this process have.
public enum ProcessLimits {
  /// How many file descriptors may be open; nil if the system does not report it.
  public static var openFiles: Int? { fileLimits.map { Int(clamping: $0.rlim_cur) } }

  /// The number of file descriptors that are open; nil if `/proc` can't be read.
  public static var openFileCount: Int? {
    guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe _ = closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // Not `.`, `..` and the descriptor that reads the directory.
    return count - 3
  }

  /// The clock ticks in a second of `/proc`'s times.
  public static var clockTicks: Int { sysconf(Int32(_SC_CLK_TCK)) }

  /// The bytes in a page of memory.
  public static var pageSize: Int { sysconf(Int32(_SC_PAGESIZE)) }

  /// The number of processors of the machine that are online.
  public static var processors: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

  /// Raises the limit of open files to the highest value: a thousand idle clients need them.
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

/// The C library's allocator, which holds libiptc's copy of a table.
public enum Allocator {
  /// Sets the allocator up for a process that now and then needs a hundred times its usual memory.
  ///
  /// Must be called before there are threads.
  ///
  /// - All threads share one arena, so that what one of them frees another can use.
  /// - Large blocks always come from the system, so that they go back when they are freed.
  /// - A few megabytes of small blocks are kept, so that pieces of bodies reuse memory.
  ///
  /// C counterpart: `mallopt`.
  public static func configure() {
    _ = mallopt(M_ARENA_MAX, 1)
    _ = mallopt(M_MMAP_THRESHOLD, 128 * 1024)
    _ = mallopt(M_TRIM_THRESHOLD, 4 << 20)
  }

  /// Asks for huge pages where the room of a large array lies. To fill tens of megabytes, the faults for
  /// pages of 4 KiB take as long as the filling.
  ///
  /// Where the system has no huge pages to give, nothing changes. C counterpart: `madvise` with
  /// `MADV_HUGEPAGE`.
  public static func useHugePages(for bytes: inout [UInt8]) {
    let capacity = bytes.capacity
    unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      guard let base = unsafe buffer.baseAddress.map(UnsafeMutableRawPointer.init) else { return }
      let start = unsafe base.alignedUp(toMultipleOf: hugePage)
      let size = unsafe (base + capacity).alignedDown(toMultipleOf: hugePage) - start
      if size > 0 { _ = unsafe madvise(start, size, MADV_HUGEPAGE) }
    }
  }

  private static let hugePage = 2 << 20

  /// Calls `body`, which allocates a large block and has the kernel fill it. Meanwhile another processor prefaults
  /// the block. A scrape of a table of 40 MB then takes a tenth less time.
  ///
  /// The C library gives a large block a mapping of its own, and the kernel puts a mapping where the last one
  /// of this size was. So this allocates a block and frees it, and prefaults its place as soon as it is mapped
  /// again. If the next block lies elsewhere, nothing is gained. Prefaulting never changes what memory holds.
  ///
  /// C counterpart: `madvise` with `MADV_POPULATE_WRITE`, which Linux has since 5.14.
  ///
  /// - Parameter size: The block's size in bytes. A small one is not prefaulted.
  /// - Throws: what `body` throws.
  public static func withPrefaultedBlock<Value: ~Copyable, Failure: Error>(
    size: Int, _ body: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    guard size >= 4 << 20, ProcessLimits.processors > 1, let block = unsafe malloc(size) else {
      return try body()
    }
    let pageSize = ProcessLimits.pageSize
    let start = UInt(bitPattern: unsafe block.alignedUp(toMultipleOf: pageSize))
    let end = UInt(bitPattern: unsafe (block + size).alignedDown(toMultipleOf: pageSize))
    unsafe free(block)
    let work = DispatchWorkItem { prefault(start..<end) }
    DispatchQueue.global(qos: .userInitiated).async(execute: work)
    defer { work.wait() }
    return try body()
  }

  /// Prefaults a range of addresses piece by piece, each as soon as it is mapped, with huge pages where the
  /// system has some to give. Gives up after some milliseconds in which nothing is mapped there.
  private static func prefault(_ place: Range<UInt>) {
    var (next, patience) = (place.lowerBound, 100)
    while next < place.upperBound, patience > 0 {
      let size = min(2 * hugePage, Int(place.upperBound - next))
      let address = unsafe UnsafeMutableRawPointer(bitPattern: next)
      _ = unsafe madvise(address, size, MADV_HUGEPAGE)
      if unsafe madvise(address, size, MADV_POPULATE_WRITE) == 0 {
        next += UInt(size)
      } else if errno == ENOMEM {
        patience -= 1
        usleep(20)
      } else {
        return
      }
    }
  }

  /// Gives free memory back to the system, which the allocator would keep.
  ///
  /// C counterpart: `malloc_trim`.
  public static func releaseFreeMemory() { _ = malloc_trim(0) }
}

/// Where this process runs: its variables and the host.
public enum Environment {
  /// A variable's value; nil if it is not set.
  public static func value(of name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// The host's name; empty where it can't be had.
  ///
  /// C counterpart: `gethostname`.
  public static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// Ends the process some time after it was asked to end, even if it hangs.
public final class ShutdownDeadline: Sendable {
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  /// Begins to listen for SIGTERM and SIGINT on a thread of its own. Others may listen, too.
  ///
  /// - Parameters:
  ///   - limit: How much time the process has from the signal on.
  ///   - words: What is written to standard error if it took longer.
  public init(_ limit: Duration, words: String) {
    let queue = DispatchQueue(label: "shutdown", qos: .userInitiated)
    let milliseconds = Int(limit / .milliseconds(1))
    unsafe sources = [SIGTERM, SIGINT].map { signal in
      let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
      source.setEventHandler {
        queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
          StandardError.write(words)
          _exit(1)
        }
      }
      source.activate()
      return source
    }
  }

  deinit { for source in unsafe sources { source.cancel() } }
}
