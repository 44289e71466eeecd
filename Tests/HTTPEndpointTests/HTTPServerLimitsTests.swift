import Testing

@testable import HTTPEndpoint

@Suite struct HTTPServerLimitsTests {
  private static let routes: [String: RequestHandler] = [
    "/": { _ in .text(200, "hello") },
    "/huge": { _ in
      Response(
        contentType: "text/plain",
        body: Array(repeating: [UInt8](repeating: 0x61, count: 1 << 20), count: 32))
    },
  ]

  /// Timeouts that a test can wait for, and that a busy machine does not hit by accident.
  private static func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
    var limits = HTTPLimits()
    change(&limits)
    return limits
  }

  /// A request that the server refuses.
  struct Refused: CustomTestStringConvertible {
    let testDescription: String
    let request: String
    let status: Int

    init(_ description: String, _ request: String, _ status: Int) {
      self.testDescription = description
      self.request = request
      self.status = status
    }
  }

  private static let filler = String(repeating: "a", count: 17_000)

  @Test(arguments: [
    Refused("a long field", "GET / HTTP/1.1\r\nX: \(filler)\r\n\r\n", 431),
    Refused(
      "many fields",
      "GET / HTTP/1.1\r\n" + (1...100).map { "X-\($0): \(filler.prefix(200))\r\n" }.joined(), 431),
    Refused("a long path", "GET /\(filler) HTTP/1.1\r\n\r\n", 431),
    Refused("a field without a colon", "GET / HTTP/1.1\r\nno header field\r\n\r\n", 400),
    Refused("no HTTP", "nonsense\r\n\r\n", 400),
    Refused("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", 400),
    Refused(
      "two lengths", "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    Refused("no host", "GET / HTTP/1.1\r\n\r\n", 400),
    Refused("two hosts", "GET / HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n", 400),
    Refused("two hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    Refused(
      "an empty transfer coding",
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding:\r\n\r\n", 400),
    Refused(
      "an empty transfer coding among others",
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: , chunked\r\n\r\n0\r\n\r\n", 400),
    Refused(
      "an expectation that nobody knows",
      "GET / HTTP/1.1\r\nHost: test\r\nExpect: the unexpected\r\n\r\n", 417),
    Refused(
      "a body beyond 63 bits",
      "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9223372036854775808\r\n\r\n", 413),
    Refused(
      "a body beyond 64 bits",
      "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    Refused(
      "a length that is no number",
      "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1a\r\n\r\n", 400),
    Refused(
      "a body announced as too large",
      "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 70000\r\n\r\n", 413),
    Refused(
      "a body found to be too large",
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
        + String(repeating: "4000\r\n\(filler.prefix(0x4000))\r\n", count: 60), 413),
  ])
  func `a request the server cannot take is refused, and the connection closed`(
    refused: Refused
  ) async throws {
    try await TestServer.run(Self.routes) { server in
      try await TestClient.connect(to: server.port) { client in
        let start = ContinuousClock.now
        try await client.send(raw: refused.request)
        let response = try await client.response()
        #expect(response.status == refused.status)
        #expect(response.headers["connection"] == "close")
        #expect(await client.isClosed())
        // Nothing was waited for.
        #expect(.now - start < .seconds(8))
      }
    }
  }

  @Test func `the body of a request is ignored`() async throws {
    try await TestServer.run(Self.routes) { server in
      try await TestClient.connect(to: server.port) { client in
        let body = String(repeating: "a", count: 64 * 1024)
        try await client.send("GET / HTTP/1.1", headers: ["Content-Length: \(body.utf8.count)"])
        try await client.send(raw: body)
        #expect(try await client.response().text == "hello")
        try await client.send("GET / HTTP/1.1")
        #expect(try await client.response().text == "hello")
      }
    }
  }

  @Test(arguments: [
    "GET /", "GET / HTTP/1.1\r\nHost: te",
    "GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nab",
  ])
  func `a request that does not end is not waited for`(request: String) async throws {
    let limits = Self.limits { $0.headTimeout = .seconds(1) }
    try await TestServer.run(Self.routes, limits: limits) { server in
      try await TestClient.connect(to: server.port) { client in
        try await client.send("GET / HTTP/1.1")
        #expect(try await client.response().status == 200)
        let start = ContinuousClock.now
        try await client.send(raw: request)
        #expect(await client.isClosed())
        #expect((.milliseconds(950)..<Duration.seconds(8)).contains(.now - start))
      }
    }
  }

  @Test(arguments: [true, false])
  func `an idle connection is closed`(afterRequest: Bool) async throws {
    let limits = Self.limits { $0.idleTimeout = .seconds(1) }
    try await TestServer.run(Self.routes, limits: limits) { server in
      // Before the connection: a busy machine may take a while to come back from it.
      let start = ContinuousClock.now
      try await TestClient.connect(to: server.port) { client in
        if afterRequest {
          try await client.send("GET / HTTP/1.1")
          #expect(try await client.response().status == 200)
        }
        #expect(await client.isClosed())
        #expect((.milliseconds(950)..<Duration.seconds(8)).contains(.now - start))
      }
    }
  }

  @Test func `a client that does not read is given up`() async throws {
    let limits = Self.limits { $0.writeTimeout = .seconds(1) }
    try await TestServer.run(Self.routes, limits: limits) { server in
      try await TestClient.connect(to: server.port) { client in
        try await client.send("GET /huge HTTP/1.1")
        try await Task.sleep(for: .seconds(2))
        await #expect(throws: (any Error).self) { try await client.response() }
      }
    }
  }

  @Test func `a slow handler is no reason to close`() async throws {
    let limits = Self.limits {
      $0.idleTimeout = .seconds(1)
      $0.headTimeout = .seconds(1)
      $0.writeTimeout = .seconds(1)
    }
    let slow: RequestHandler = { _ in
      try? await Task.sleep(for: .milliseconds(1500))
      return .text(200, "slow")
    }
    try await TestServer.run(["/": slow], limits: limits) { server in
      let response = try await TestClient.get("/", port: server.port)
      #expect(response.text == "slow")
    }
  }

  @Test func `many idle connections do not keep a scrape out`() async throws {
    let limits = Self.limits { $0.maxConnections = 200 }
    try await TestServer.run(Self.routes, limits: limits) { server in
      try await withThrowingDiscardingTaskGroup { group in
        let (connected, continuation) = AsyncStream.makeStream(of: Void.self)
        for _ in 1...600 {
          group.addTask {
            try? await TestClient.connect(to: server.port) { client in
              continuation.yield()
              _ = await client.isClosed()
            }
          }
        }
        var count = 0
        for await _ in connected {
          count += 1
          if count == 600 { break }
        }
        for _ in 1...3 {
          let response = try await TestClient.get("/", port: server.port)
          #expect(response.text == "hello")
        }
        group.cancelAll()
      }
    }
  }

  @Test func `a connection being served does not make room for another`() async throws {
    let limits = Self.limits { $0.maxConnections = 1 }
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let (released, release) = AsyncStream.makeStream(of: Void.self)
    let slow: RequestHandler = { _ in
      arrival.finish()
      for await _ in released {}
      return .text(200, "slow")
    }
    try await TestServer.run(["/": slow], limits: limits) { server in
      async let answer = TestClient.get("/", port: server.port)
      for await _ in arrived {}
      try await TestClient.connect(to: server.port) { client in
        #expect(await client.isClosed())
      }
      release.finish()
      #expect(try await answer.text == "slow")
    }
  }
}
