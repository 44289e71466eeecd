import HTTPEndpoint
import Testing

@Suite struct HTTPServerShutdownTests {
  @Test func `a response under way arrives complete`() async throws {
    let body = Array(repeating: [UInt8](repeating: 0x61, count: 1 << 20), count: 8)
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let slow: RequestHandler = { _ in
      arrival.finish()
      try? await Task.sleep(for: .milliseconds(500))
      return Response(contentType: "text/plain", body: body)
    }
    try await TestServer.run(["/": slow]) { server in
      async let answer = TestClient.get("/", port: server.port)
      for await _ in arrived {}
      server.shutDown()
      let response = try await answer
      #expect(response.headers["connection"] == "close")
      let isComplete = response.body == body.flatMap(\.self)
      #expect(isComplete)
      await #expect(throws: (any Error).self) {
        try await TestClient.get("/", port: server.port)
      }
    }
  }

  @Test func `no request is answered after the last response`() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let slow: RequestHandler = { _ in
      arrival.finish()
      try? await Task.sleep(for: .milliseconds(500))
      return .text(200, "slow")
    }
    try await TestServer.run(["/": slow]) { server in
      try await TestClient.connect(to: server.port) { client in
        for _ in 1...2 {
          try await client.send("GET / HTTP/1.1")
        }
        for await _ in arrived {}
        server.shutDown()
        #expect(try await client.response().text == "slow")
        #expect(await client.isClosed())
      }
    }
  }

  @Test func `idle connections are closed at once`() async throws {
    let start = ContinuousClock.now
    try await TestServer.run(["/": { _ in .text(200, "hello") }]) { server in
      try await TestClient.connect(to: server.port) { fresh in
        try await TestClient.connect(to: server.port) { used in
          try await used.send("GET / HTTP/1.1")
          #expect(try await used.response().text == "hello")
          try await fresh.send(raw: "GET / HT")
          server.shutDown()
          #expect(await used.isClosed())
          #expect(await fresh.isClosed())
        }
      }
    }
    #expect(.now - start < .seconds(5))
  }

  @Test func `a request that takes too long is given up`() async throws {
    var limits = HTTPLimits()
    limits.drainTimeout = .milliseconds(300)
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let endless: RequestHandler = { _ in
      arrival.finish()
      try? await Task.sleep(for: .seconds(60))
      return .text(200, "late")
    }
    let start = ContinuousClock.now
    try await TestServer.run(["/": endless], limits: limits) { server in
      try await TestClient.connect(to: server.port) { client in
        try await client.send("GET / HTTP/1.1")
        for await _ in arrived {}
        server.shutDown()
        #expect(await client.isClosed())
      }
    }
    #expect(.now - start < .seconds(5))
  }

  @Test func `cancellation ends the server like a shutdown`() async throws {
    let (bound, continuation) = AsyncStream.makeStream(of: UInt16.self)
    let server = HTTPServer(
      addresses: [ListenAddress(host: "127.0.0.1", port: 0)],
      routes: ["/": { _ in .text(200, "hello") }], logger: TestServer.logger
    ) {
      for address in $0 { continuation.yield(address.port) }
      continuation.finish()
    }
    let running = Task { try await server.run() }
    for await port in bound {
      #expect(try await TestClient.get("/", port: port).text == "hello")
    }
    running.cancel()
    try await running.value
  }
}
