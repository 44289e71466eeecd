import Foundation
import Platform
import Testing

/// Each runs in a process of its own, whose streams it replaces.
@Suite("Standard streams")
struct StandardStreamsTests {
  @Test("All bytes of a large answer are written")
  func output() async {
    let result = await #expect(
      processExitsWith: .success, observing: [\.standardOutputContent]
    ) {
      try StandardOutput.write([UInt8](repeating: 0x61, count: 300_000))
    }
    #expect(result?.standardOutputContent.count { $0 == 0x61 } ?? 0 >= 300_000)
  }

  @Test("A reader that is gone is an error")
  func brokenPipe() async {
    await #expect(processExitsWith: .success) {
      _ = signal(SIGPIPE, SIG_IGN)
      let pipe = Pipe()
      #expect(dup2(pipe.fileHandleForWriting.fileDescriptor, STDOUT_FILENO) == STDOUT_FILENO)
      try pipe.fileHandleForReading.close()
      #expect(throws: SystemError(code: EPIPE)) { try StandardOutput.write([1]) }
      #expect(!StandardOutput.isTerminal)
    }
  }

  @Test("What finds no room in the log is left out and counted, and nobody waits")
  func lostTexts() async {
    await #expect(processExitsWith: .success) {
      let pipe = Pipe()
      let (reader, writer) = (pipe.fileHandleForReading, pipe.fileHandleForWriting)
      let before = dup(STDERR_FILENO)
      defer { dup2(before, STDERR_FILENO) }
      #expect(dup2(writer.fileDescriptor, STDERR_FILENO) == STDERR_FILENO)
      // F_GETPIPE_SZ, which Swift does not import.
      let pipeSize: Int32 = 1032
      let capacity = Int(fcntl(STDERR_FILENO, pipeSize))
      writer.write(Data(count: capacity))
      let start = ContinuousClock.now
      for _ in 0..<3 { StandardError.write { _ in "lost" } }
      #expect(ContinuousClock.now - start < .milliseconds(500))
      #expect(reader.readData(ofLength: capacity).count == capacity)
      for _ in 0..<2 { StandardError.write { "\($0) lost;" } }
      #expect(reader.availableData == Data("3 lost;0 lost;".utf8))
    }
  }

  @Test("A text of many chunks comes whole to a reader that is slow")
  func longText() async {
    await #expect(processExitsWith: .success) {
      let pipe = Pipe()
      #expect(dup2(pipe.fileHandleForWriting.fileDescriptor, STDERR_FILENO) == STDERR_FILENO)
      let reader = Thread {
        for _ in 0..<20 {
          Thread.sleep(forTimeInterval: 0.005)
          guard pipe.fileHandleForReading.readData(ofLength: 10_000).allSatisfy({ $0 < 0x40 })
          else {
            exit(2)
          }
        }
        exit(0)
      }
      reader.start()
      StandardError.write(String(repeating: "0123456789", count: 20_000))
      Pause.blocking(.seconds(20))
      exit(3)
    }
  }
}

@Suite("Messages that a client can cause")
struct MessageLimitTests {
  @Test("Are admitted once a minute, and say how many were left out")
  func limit() {
    let limit = MessageLimit()
    let start = ContinuousClock.now
    let admitted = [0, 1, 59, 60, 61, 90, 121, 500].map {
      limit.admit(at: start + .seconds($0))
    }
    #expect(admitted == [0, nil, nil, 2, nil, nil, 2, 0])
  }
}
