import HTTPEndpoint
import Logging
import Testing

@Suite struct HTTPServerTests {
  private static let routes: [String: RequestHandler] = [
    "/": { _ in
      Response(contentType: "text/html; charset=utf-8", body: [Array("<h1>hello</h1>".utf8)])
    },
    "/echo": { request in
      let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
      let accept = request.header("accept") ?? "-"
      return .text(200, "\(request.path) \(query) \(accept) \(request.remoteAddress)")
    },
    "/large": { _ in
      Response(contentType: "text/plain", body: HTTPServerTests.largeBody)
    },
  ]

  private static let largeBody: [[UInt8]] =
    [[], Array("first\n".utf8)]
    + (1...8).map { number in (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / number) } }

  @Test func `one connection serves request after request`() async throws {
    try await TestServer.run(Self.routes) { server in
      try await TestClient.connect(to: server.port) { client in
        for _ in 1...3 {
          try await client.send("GET / HTTP/1.1")
          let response = try await client.response()
          #expect(response.head.first == "HTTP/1.1 200 OK")
          #expect(response.text == "<h1>hello</h1>")
          #expect(response.headers["content-type"] == "text/html; charset=utf-8")
          #expect(response.headers["x-content-type-options"] == "nosniff")
          #expect(response.headers["connection"] == nil)
        }
      }
    }
  }

  @Test func `requests sent at once are answered in their order`() async throws {
    try await TestServer.run(Self.routes) { server in
      try await TestClient.connect(to: server.port) { client in
        let requests = (1...20).map { "GET /echo?n=\($0) HTTP/1.1\r\nHost: test\r\n\r\n" }
        try await client.send(raw: requests.joined())
        for number in 1...20 {
          #expect(try await client.response().text == "/echo n=\(number) - 127.0.0.1")
        }
      }
    }
  }

  @Test func `a handler sees the decoded request`() async throws {
    try await TestServer.run(Self.routes) { server in
      let response = try await TestClient.get(
        "/ec%68o?name%5B%5D=a+b&name%5B%5D=c%2Bd&x", port: server.port,
        headers: ["Accept: text/plain", "ACCEPT: */*"])
      #expect(response.text == "/echo name[]=a b|name[]=c+d|x= text/plain, */* 127.0.0.1")
    }
  }

  @Test func `a HEAD request has the same header fields and no body`() async throws {
    try await TestServer.run(Self.routes) { server in
      try await TestClient.connect(to: server.port) { client in
        for accept in [[], ["Accept-Encoding: gzip"]] {
          try await client.send("GET /large HTTP/1.1", headers: accept)
          let get = try await client.response()
          try await client.send("HEAD /large HTTP/1.1", headers: accept)
          let head = try await client.response(hasBody: false)
          #expect(head.head == get.head)
        }
        try await client.send("GET / HTTP/1.1")
        #expect(try await client.response().text == "<h1>hello</h1>")
      }
    }
  }

  @Test(arguments: [
    ("GET /nowhere HTTP/1.1", 404), ("POST /nowhere HTTP/1.1", 404), ("POST / HTTP/1.1", 405),
    ("DELETE /echo HTTP/1.1", 405), ("GET /metrics/ HTTP/1.1", 404),
    ("GET http://test/echo HTTP/1.1", 200), ("GET http://test HTTP/1.1", 200),
    ("OPTIONS * HTTP/1.1", 404),
  ])
  func `a request line is answered with its status`(line: String, status: Int) async throws {
    try await TestServer.run(Self.routes) { server in
      try await TestClient.connect(to: server.port) { client in
        try await client.send(line)
        let response = try await client.response()
        #expect(response.status == status)
        #expect(response.headers["allow"] == (status == 405 ? "GET, HEAD" : nil))
        // The connection survives the refusal.
        try await client.send("GET / HTTP/1.1")
        #expect(try await client.response().status == 200)
      }
    }
  }

  @Test func `a large body arrives complete`() async throws {
    try await TestServer.run(Self.routes) { server in
      let response = try await TestClient.get("/large", port: server.port)
      #expect(response.headers["vary"] == "Accept-Encoding")
      #expect(response.headers["content-encoding"] == nil)
      let isComplete = response.body == Self.largeBody.flatMap(\.self)
      #expect(isComplete)
    }
  }

  @Test(arguments: [
    (["Accept-Encoding: gzip"], true), (["Accept-Encoding: deflate", "Accept-Encoding: *"], true),
    (["Accept-Encoding: gzip;q=0, *"], false), ([], false),
  ])
  func `a body is compressed for whom it may be`(headers: [String], gzip: Bool) async throws {
    try await TestServer.run(Self.routes) { server in
      for _ in 1...2 {
        let response = try await TestClient.get("/large", port: server.port, headers: headers)
        #expect(response.headers["content-encoding"] == (gzip ? "gzip" : nil))
        #expect(response.headers["vary"] == "Accept-Encoding")
        let body = gzip ? gunzip(response.body) : response.body
        let isComplete = body == Self.largeBody.flatMap(\.self)
        #expect(isComplete)
      }
    }
  }

  @Test func `a small body is not compressed`() async throws {
    try await TestServer.run(Self.routes) { server in
      let response = try await TestClient.get(
        "/", port: server.port, headers: ["Accept-Encoding: gzip"])
      #expect(response.headers["content-encoding"] == nil)
      #expect(response.text == "<h1>hello</h1>")
    }
  }

  @Test(arguments: [true, false])
  func `a client that waits to send the body is told to`(isTooLarge: Bool) async throws {
    try await TestServer.run(Self.routes) { server in
      try await TestClient.connect(to: server.port) { client in
        let length = isTooLarge ? 100_000 : 5
        try await client.send(
          "GET / HTTP/1.1", headers: ["Expect: 100-continue", "Content-Length: \(length)"])
        let interim = try await client.response()
        #expect(interim.status == (isTooLarge ? 413 : 100))
        if isTooLarge { return }
        #expect(interim.head.count == 1)
        for _ in 1...2 {
          try await client.send(raw: "12345")
          #expect(try await client.response().text == "<h1>hello</h1>")
          try await client.send("GET / HTTP/1.1", headers: ["Content-Length: 5"])
        }
      }
    }
  }

  @Test func `each response says when it was made`() async throws {
    try await TestServer.run(Self.routes) { server in
      for target in ["/", "/nowhere"] {
        let date = try await TestClient.get(target, port: server.port).headers["date"]
        let form = /(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/
        #expect(try form.wholeMatch(in: date ?? "") != nil)
      }
    }
  }

  @Test(arguments: [
    ("GET / HTTP/1.0\r\n\r\n", "close"),
    ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"),
    ("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", "close"),
    ("GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "close"),
  ])
  func `the connection ends when the client says so`(
    request: String, connection: String
  ) async throws {
    try await TestServer.run(Self.routes) { server in
      try await TestClient.connect(to: server.port) { client in
        try await client.send(raw: request)
        let response = try await client.response()
        #expect(response.status == 200)
        #expect(response.headers["connection"] == connection)
        if connection == "close" {
          #expect(await client.isClosed())
        } else {
          try await client.send(raw: request)
          #expect(try await client.response().status == 200)
        }
      }
    }
  }

  @Test func `a client that closes its side still gets all of the response`() async throws {
    try await TestServer.run(Self.routes) { server in
      try await TestClient.connect(to: server.port) { client in
        try await client.send("GET /large HTTP/1.1")
        client.finish()
        let isComplete = try await client.response().body == Self.largeBody.flatMap(\.self)
        #expect(isComplete)
        #expect(await client.isClosed())
      }
    }
  }

  @Test func `all interfaces means IPv4 as well`() async throws {
    try await TestServer.run(Self.routes, address: ListenAddress(parsing: ":0")) { server in
      let response = try await TestClient.get("/echo", port: server.port)
      #expect(response.text == "/echo  - 127.0.0.1")
    }
  }

  @Test func `a port in use is reported in one line`() async throws {
    try await TestServer.run([:]) { server in
      let address = try ListenAddress(parsing: "127.0.0.1:\(server.port)")
      let second = HTTPServer(
        addresses: [ListenAddress(host: "127.0.0.1", port: 0), address], routes: [:],
        logger: TestServer.logger)
      let error = await #expect(throws: ListenError.self) { try await second.run() }
      #expect(
        error?.description
          == "cannot listen on 127.0.0.1:\(server.port): address already in use")
    }
  }
}
