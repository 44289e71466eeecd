import HTTPEndpoint
import Testing

@Suite struct HTTPServerHostileTests {
  private static let request = Array(
    """
    GET /metrics?collect[]=a%2Fb+c HTTP/1.1\r\nHost: node:9455\r\nAccept-Encoding: gzip;q=0.5\r
    Authorization: Basic dTpw\r\nContent-Length: 3\r\n\r\nabc
    """.utf8)

  /// What a server may say of a request that isn't the one above: nothing at all, or one of these.
  private static let statuses: Set<Int> = [200, 400, 404, 405, 413, 431, 501, 505]

  @Test func `a request may end anywhere`() async throws {
    try await withServer { server in
      for count in Self.request.indices {
        let status = try await server.status(of: Array(Self.request[..<count]))
        #expect(status == nil || status == 400, "\(count) bytes")
      }
      #expect(try await server.status(of: Self.request) == 200)
    }
  }

  @Test(arguments: [0, 0x0a, 0x20, 0x25, 0x3a, 0x7f, 0xff] as [UInt8])
  func `each byte of a request may be another`(value: UInt8) async throws {
    try await withServer { server in
      for index in Self.request.indices {
        var request = Self.request
        request[index] = value
        let status = try await server.status(of: request)
        #expect(status.map(Self.statuses.contains) ?? true, "byte \(index)")
      }
      #expect(try await server.status(of: Self.request) == 200)
    }
  }

  /// Runs a server whose handler looks at all that a request has.
  private func withServer(_ body: (TestServer) async throws -> Void) async throws {
    let handler: RequestHandler = { request in
      let fields = ["Accept", "Accept-Encoding", "Authorization"].compactMap(request.header)
      let query = request.query.map { "\($0.name)=\($0.value)" }
      return .text(200, (fields + query).joined(separator: "\n"))
    }
    try await TestServer.run(["/metrics": handler], body)
  }
}

extension TestServer {
  /// The status of what is answered to the bytes, and nothing after them; nil for no answer.
  fileprivate func status(of request: [UInt8]) async throws -> Int? {
    try await TestClient.connect(to: port) { client in
      try await client.send(request)
      client.finish()
      return try? await client.response().status
    }
  }
}
