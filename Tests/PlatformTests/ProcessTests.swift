import Foundation
import Testing

@testable import Platform

/// Each runs in a process of its own where it changes the process, or depends on what others do.
@Suite("This process")
struct ProcessTests {
  @Test("An array in huge pages holds what it is given")
  func hugePages() {
    var bytes: [UInt8] = [7]
    Allocator.useHugePages(for: &bytes)
    #expect(bytes == [7])
    bytes.reserveCapacity(16 << 20)
    Allocator.useHugePages(for: &bytes)
    bytes.append(contentsOf: repeatElement(9, count: 15 << 20))
    #expect(bytes.count == 1 + (15 << 20))
    #expect(bytes[0] == 7)
    #expect(bytes[bytes.count - 1] == 9)
  }

  @Test("Files that are opened are counted")
  func openFiles() async {
    await #expect(processExitsWith: .success) {
      let before = try #require(ProcessLimits.openFileCount)
      let files = try (0..<100).map { _ in
        try #require(FileHandle(forReadingAtPath: "/proc/self/stat"))
      }
      let during = try #require(ProcessLimits.openFileCount)
      for file in files { try file.close() }
      let after = try #require(ProcessLimits.openFileCount)
      // Other threads of the process open and close a few.
      #expect(abs(during - before - 100) < 10)
      #expect(abs(after - before) < 10)
    }
  }

  @Test("The limit of open files is raised as far as it may be")
  func raisedLimit() async {
    await #expect(processExitsWith: .success) {
      var limits = rlimit()
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
      #expect(unsafe getrlimit(resource, &limits) == 0)
      limits.rlim_cur = 100
      #expect(unsafe setrlimit(resource, &limits) == 0)
      #expect(ProcessLimits.openFiles == 100)
      ProcessLimits.raiseOpenFiles()
      #expect(ProcessLimits.openFiles == Int(clamping: limits.rlim_max))
    }
  }

  @Test("Freed memory goes back to the system")
  func freedMemory() async {
    await #expect(processExitsWith: .success) {
      Allocator.configure()
      let blocks = unsafe (0..<65_536).map { _ in
        let block = UnsafeMutableRawPointer.allocate(byteCount: 1000, alignment: 16)
        unsafe block.initializeMemory(as: UInt8.self, repeating: 1, count: 1000)
        return unsafe block
      }
      // Those that stay keep the blocks below them from going back by themselves.
      for index in unsafe blocks.indices where index % 1000 != 999 {
        unsafe blocks[index].deallocate()
      }
      let before = try #require(Self.residentPages)
      Allocator.releaseFreeMemory()
      let after = try #require(Self.residentPages)
      #expect((before - after) * ProcessLimits.pageSize > 32 << 20)
    }
  }

  @Test("A large block is prefaulted while nobody fills it, and holds zeros")
  func prefaultedBlock() async {
    await #expect(processExitsWith: .success) {
      Allocator.configure()
      let size = 64 << 20
      // Another mapping may take the place, so the first attempts may fail.
      var isPrefaulted = false
      for _ in 0..<20 where !isPrefaulted {
        Allocator.withPrefaultedBlock(size: size) {
          guard let before = Self.residentPages, let block = unsafe calloc(size, 1) else { return }
          let deadline = ContinuousClock.now + .seconds(1)
          while !isPrefaulted, ContinuousClock.now < deadline {
            let pages = (Self.residentPages ?? 0) - before
            isPrefaulted = pages * ProcessLimits.pageSize >= size - (1 << 20)
          }
          let bytes = unsafe UnsafeRawBufferPointer(start: block, count: size)
          #expect(unsafe bytes.allSatisfy { $0 == 0 })
          unsafe free(block)
        }
      }
      #expect(isPrefaulted)
    }
  }

  @Test("What fails while a block is prefaulted is thrown, and the block need not come")
  func prefaultingEnds() {
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      try Allocator.withPrefaultedBlock(size: 64 << 20) { throw Failure() }
    }
    #expect(Allocator.withPrefaultedBlock(size: 1) { 7 } == 7)
    #expect(Allocator.withPrefaultedBlock(size: .max) { 7 } == 7)
  }

  private static var residentPages: Int? {
    let fields = FileBytes.text("/proc/self/statm")?.split(separator: " ") ?? []
    return fields.count > 1 ? Int(fields[1]) : nil
  }

  @Test("A variable has its value, and no value where it is not set")
  func environment() async {
    await #expect(processExitsWith: .success) {
      #expect(unsafe setenv("KIE_TEST", "käse", 1) == 0)
      #expect(Environment.value(of: "KIE_TEST") == "käse")
      #expect(unsafe unsetenv("KIE_TEST") == 0)
      #expect(Environment.value(of: "KIE_TEST") == nil)
    }
  }

  @Test("A process that hangs is ended, with last words", arguments: [SIGTERM, SIGINT])
  func deadline(_ number: Int32) async {
    let result = await #expect(
      processExitsWith: .exitCode(1), observing: [\.standardErrorContent]
    ) { [number] in
      let deadline = ShutdownDeadline(.milliseconds(50), words: "took too long\n")
      // It begins to listen on another thread.
      Pause.blocking(.milliseconds(200))
      kill(getpid(), number)
      Pause.blocking(.seconds(20))
      withExtendedLifetime(deadline) {}
    }
    let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(words.hasSuffix("took too long\n"))
  }

  @Test("A deadline that is let go ends nothing")
  func forgottenDeadline() async {
    await #expect(processExitsWith: .exitCode(3)) {
      // Another one keeps the signal from ending the process.
      let other = ShutdownDeadline(.seconds(20), words: "")
      _ = ShutdownDeadline(.milliseconds(1), words: "took too long\n")
      Pause.blocking(.milliseconds(200))
      kill(getpid(), SIGTERM)
      Pause.blocking(.milliseconds(200))
      withExtendedLifetime(other) { exit(3) }
    }
  }
}
