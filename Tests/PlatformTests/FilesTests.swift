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

  @Test(
    "Each line is handed over whole, wherever a read ends, until nobody wants more",
    arguments: ["", "\n", "a", "a\n", "\n\na\n"])
  func lines(_ end: String) throws {
    // A read takes 64 KiB: lines of all lengths lie across its end, and one is longer.
    let lengths = Array(0..<900) + [70_000, 0, 65_536, 1]
    let text =
      lengths.map { String(repeating: "x", count: $0) + "\n" }.joined() + end
    var expected = text.split(separator: "\n", omittingEmptySubsequences: false).map(\.utf8.count)
    // Behind the last line feed there is no line.
    if expected.last == 0 { expected.removeLast() }
    try with({ #expect(FileManager.default.createFile(atPath: $0, contents: Data(text.utf8))) }) {
      path in
      for limit in [expected.count, 1, 450] {
        var counts: [Int] = []
        try FileBytes.forEachLine(of: path) { line in
          counts.append(line.count)
          return counts.count < limit
        }
        #expect(counts == Array(expected.prefix(limit)))
      }
    }
    #expect(throws: SystemError.noSuchFile) {
      try FileBytes.forEachLine(of: "/nowhere") { _ in true }
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

  @Test("A file of procfs, whose size nobody knows before, is read to its end")
  func procfs() throws {
    let status = try #require(FileBytes.text("/proc/self/status"))
    #expect(status.hasPrefix("Name:") && status.hasSuffix("\n"))
    #expect(throws: SystemError.noSuchFile) { try FileBytes.read("/proc/self/nowhere") }
    #expect(FileBytes.text("/proc/self/nowhere") == nil)
  }

  @Test("Text that is not UTF-8 is replaced")
  func invalidText() throws {
    try with({ #expect(FileManager.default.createFile(atPath: $0, contents: Data([0x61, 0xff]))) })
    {
      #expect(FileBytes.text($0) == "a\u{fffd}")
      #expect(FileBytes.exists($0) && !FileBytes.exists($0 + "s"))
    }
  }

  @Test(
    "An error has the words that follow, and the code of a system call",
    arguments: [
      (FileError.unsuitable("a pipe"), "it is a pipe, not a regular file", EINVAL),
      (.tooLarge(limit: 3 << 20), "it is larger than 3 MiB", EFBIG),
      (.system(SystemError(code: EACCES)), "Permission denied", EACCES),
    ])
  func words(_ error: FileError, _ words: String, _ code: Int32) {
    #expect(error.description == words)
    #expect(error.systemError == SystemError(code: code))
  }
}

@Suite("Signatures of files")
struct FileSignatureTests {
  /// Writes a file, and calls `body` with its path.
  private func withFile(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("kie-signature-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("one".utf8).write(to: URL(fileURLWithPath: path))
    try body(path)
  }

  @Test("The same file has the same signature, also by a link")
  func sameFile() throws {
    try withFile { path in
      let link = path + "-link"
      defer { try? FileManager.default.removeItem(atPath: link) }
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
      let signature = try #require(FileSignature(of: path))
      #expect(FileSignature(of: path) == signature)
      #expect(FileSignature(of: link) == signature)
      #expect(FileSignature(of: path + "s") == nil)
    }
  }

  @Test("A file that was written again or replaced has another")
  func changes() throws {
    try withFile { path in
      let first = try #require(FileSignature(of: path))
      Pause.blocking(.milliseconds(20))
      let file = try #require(FileHandle(forWritingAtPath: path))
      try file.write(contentsOf: Data("two".utf8))
      try file.close()
      let second = try #require(FileSignature(of: path))
      #expect(second != first)
      // Of the same size and time.
      let other = path + "-other"
      try FileManager.default.copyItem(atPath: path, toPath: other)
      #expect(unsafe rename(other, path) == 0)
      #expect(FileSignature(of: path) != second)
    }
  }

  @Test("A file is young until its time has passed, whatever time it claims to be from")
  func age() throws {
    try withFile { path in
      let old = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1)]
      try FileManager.default.setAttributes(old, ofItemAtPath: path)
      let signature = try #require(FileSignature(of: path))
      #expect(signature.isYounger(than: .seconds(60)))
      Pause.blocking(.milliseconds(20))
      #expect(!signature.isYounger(than: .milliseconds(10)))
    }
  }
}
