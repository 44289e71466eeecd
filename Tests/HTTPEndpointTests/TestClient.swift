import NIOCore
import NIOPosix

/// A client that sends what it is told, valid or not, and reads what comes.
struct TestClient {
  private typealias AsyncChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  /// What a server answered.
  struct Response: Equatable {
    var status = 0
    var head: [String] = []
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var received = ByteBuffer()

  /// Connects to a port of this machine for as long as the body runs.
  static func connect<Result: Sendable>(
    to port: UInt16, host: String = "127.0.0.1",
    _ body: (inout TestClient) async throws -> Result
  ) async throws -> Result {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: host, port: Int(port)) { channel in
        channel.eventLoop.makeCompletedFuture {
          try AsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var client = TestClient(inbound: inbound.makeAsyncIterator(), outbound: outbound)
      return try await body(&client)
    }
  }

  /// One request on a connection of its own.
  static func get(
    _ target: String, port: UInt16, headers: [String] = []
  ) async throws -> Response {
    try await connect(to: port) { client in
      try await client.send("GET \(target) HTTP/1.1", headers: headers)
      return try await client.response()
    }
  }

  private init(
    inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
    outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.inbound = inbound
    self.outbound = outbound
  }

  /// Sends bytes as they are.
  func send(raw text: String) async throws {
    try await outbound.write(ByteBuffer(string: text))
  }

  /// Sends bytes, which need not be text.
  func send(_ bytes: [UInt8]) async throws {
    try await outbound.write(ByteBuffer(bytes: bytes))
  }

  /// Sends a request without a body.
  func send(_ requestLine: String, headers: [String] = []) async throws {
    let lines = [requestLine, "Host: test"] + headers + ["", ""]
    try await send(raw: lines.joined(separator: "\r\n"))
  }

  /// Closes the client's side; the server's stays open.
  func finish() {
    outbound.finish()
  }

  /// Reads one response.
  mutating func response(hasBody: Bool = true) async throws -> Response {
    var response = Response()
    while true {
      let line = try await line()
      if line.isEmpty { break }
      response.head.append(line)
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 {
        response.headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
      }
    }
    let words = response.head.first?.split(separator: " ") ?? []
    response.status = words.count > 1 ? Int(words[1]) ?? 0 : 0
    let length = hasBody ? response.headers["content-length"].flatMap { Int($0) } ?? 0 : 0
    while received.readableBytes < length {
      guard try await receive() else { throw UnexpectedEnd() }
    }
    response.body = received.readBytes(length: length) ?? []
    return response
  }

  /// Whether the server closes the connection without another byte.
  mutating func isClosed() async -> Bool {
    while received.readableBytes == 0 {
      do {
        guard try await receive() else { return true }
      } catch {
        return true
      }
    }
    return false
  }

  struct UnexpectedEnd: Error {}

  private mutating func line() async throws -> String {
    while true {
      if let end = received.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
        let line = received.readString(length: end - received.readerIndex + 1) ?? ""
        // CR and LF are one character.
        return String(line.dropLast())
      }
      guard try await receive() else { throw UnexpectedEnd() }
    }
  }

  private mutating func receive() async throws -> Bool {
    guard var buffer = try await inbound.next(isolation: #isolation) else { return false }
    received.writeBuffer(&buffer)
    return true
  }
}
