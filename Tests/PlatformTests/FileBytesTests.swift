import Foundation
import Platform
import Testing

@Suite("Files that somebody named")
struct FileBytesTests {
  private let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("kie-files-\(UUID())").path

  /// Calls `body` with the path of a file that `make` has put there.
  private func with(_ make: (String) -> Void, _ body: (String) throws -> Void) throws {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = directory + "/file"
    make(path)
    try body(path)
  }

  private func fifo(_ path: String) { #expect(unsafe mkfifo(path, 0o600) == 0) }

  @Test("A regular file is read, up to its limit", arguments: [0, 1, 70_000])
  func regular(_ count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    try with({ #expect(FileManager.default.createFile(atPath: $0, contents: Data(bytes))) }) {
      path in
      for kinds in [FileBytes.Kinds.regularFiles, .pipesToo] {
        let read = try FileBytes.read(path: path, limit: count, accepting: kinds)
        #expect(read == bytes)
        #expect(throws: FileError.tooLarge(limit: count - 1)) {
          try FileBytes.read(path: path, limit: count - 1, accepting: kinds)
        }
      }
    }
  }

  @Test("A FIFO without a writer is refused at once", .timeLimit(.minutes(1)))
  func refusedPipe() throws {
    try with(fifo) { path in
      #expect(throws: FileError.unsuitable("a pipe")) {
        try FileBytes.read(path: path, limit: 10, accepting: .regularFiles)
      }
    }
  }

  @Test("Where pipes are taken, the reader waits for the writer and for the end")
  func pipe() throws {
    try with(fifo) { path in
      let writer = Thread {
        Thread.sleep(forTimeInterval: 0.1)
        let handle = FileHandle(forWritingAtPath: path)
        for text in ["two ", "pieces"] {
          handle?.write(Data(text.utf8))
          Thread.sleep(forTimeInterval: 0.1)
        }
        try? handle?.close()
      }
      writer.start()
      let read = try FileBytes.read(path: path, limit: 100, accepting: .pipesToo)
      #expect(read == Array("two pieces".utf8))
    }
  }

  @Test(
    "What has no end is refused", arguments: ["/dev/zero", "/dev/null", "/dev/urandom"],
    [FileBytes.Kinds.regularFiles, .pipesToo])
  func device(_ path: String, _ kinds: FileBytes.Kinds) {
    #expect(throws: FileError.unsuitable("a device")) {
      try FileBytes.read(path: path, limit: 10, accepting: kinds)
    }
  }

  @Test(
    "A directory, and what isn't there, fail as the system says", arguments: ["/", "/nowhere/a"])
  func fault(_ path: String) {
    let error = #expect(throws: FileError.self) {
      try FileBytes.read(path: path, limit: 10, accepting: .regularFiles)
    }
    #expect(
      error?.description == (path == "/" ? "Is a directory" : "No such file or directory"))
  }
}
