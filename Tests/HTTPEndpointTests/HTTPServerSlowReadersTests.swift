import NIOCore
import Synchronization
import Testing

@testable import HTTPEndpoint

/// Clients that ask for much and read little.
@Suite struct HTTPServerSlowReadersTests {
  /// A body that is never the same as another.
  private static func changingRoutes(megabytes: Int) -> [String: RequestHandler] {
    let count = Mutex<UInt8>(0)
    return [
      "/": { _ in
        let number = count.withLock { count in
          count += 1
          return count
        }
        let segment = [UInt8](repeating: number, count: 1 << 20)
        return Response(
          contentType: "text/plain", body: (0..<megabytes).map { [UInt8($0)] + segment })
      }
    ]
  }

  /// Connects clients that ask and then don't read, and runs the body beside them.
  ///
  /// - Returns: How many were cut off.
  private func withSlowReaders(
    _ count: Int, of server: TestServer, _ body: () async throws -> Void
  ) async throws -> Int {
    try await withThrowingTaskGroup { group in
      let (asked, continuation) = AsyncStream.makeStream(of: Void.self)
      let (released, release) = AsyncStream.makeStream(of: Never.self)
      for _ in 0..<count {
        group.addTask {
          try await TestClient.connect(to: server.port) { client in
            try await client.send("GET / HTTP/1.1")
            continuation.yield()
            for await _ in released {}
            do {
              _ = try await client.response()
              return 0
            } catch {
              return 1
            }
          }
        }
        for await _ in asked { break }
        // Until the answer is on its way.
        try await Task.sleep(for: .milliseconds(100))
      }
      try await body()
      release.finish()
      var cutCount = 0
      for try await cut in group { cutCount += cut }
      return cutCount
    }
  }

  @Test func `the slowest are cut off where too much is unsent`() async throws {
    var limits = HTTPLimits()
    limits.maxUnsentBytes = 20 << 20
    try await TestServer.run(Self.changingRoutes(megabytes: 8), limits: limits) { server in
      let cutCount = try await withSlowReaders(5, of: server) {
        let response = try await TestClient.get("/", port: server.port)
        #expect(response.body.count == (8 << 20) + 8)
      }
      // Of the others, and of the last one's, 20 MiB hold two bodies.
      #expect((3...4).contains(cutCount))
    }
  }

  @Test func `slow readers make room for another connection`() async throws {
    let now = Mutex(NIODeadline.now())
    var limits = HTTPLimits()
    limits.now = { now.withLock(\.self) }
    limits.maxConnections = 3
    limits.maxUnsentBytes = 1 << 30
    try await TestServer.run(Self.changingRoutes(megabytes: 8), limits: limits) { server in
      let cutCount = try await withSlowReaders(3, of: server) {
        // They have not fallen behind yet.
        await #expect(throws: (any Error).self) {
          try await TestClient.get("/", port: server.port)
        }
        now.withLock { $0 = $0 + .seconds(4) }
        let response = try await TestClient.get("/", port: server.port)
        #expect(response.body.count == (8 << 20) + 8)
      }
      #expect(cutCount == 1)
    }
  }
}
