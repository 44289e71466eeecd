import Logging
import NIOCore
import NIOHTTP1
import Platform
import Synchronization

/// Serves one client, request after request.
struct HTTPConnection {
  typealias AsyncChannel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
  private typealias Inbound = NIOAsyncChannelInboundStream<HTTPServerRequestPart>

  private let connection: AsyncChannel
  private let responder: Responder
  private let maxBodyBytes: Int
  private let remoteAddress: String

  private var channel: any Channel { connection.channel }

  init(_ connection: AsyncChannel, responder: Responder, maxBodyBytes: Int) {
    self.connection = connection
    self.responder = responder
    self.maxBodyBytes = maxBodyBytes
    let address = connection.channel.remoteAddress?.ipAddress ?? ""
    let isMappedIPv4 = address.hasPrefix("::ffff:") && address.contains(".")
    remoteAddress = isMappedIPv4 ? String(address.dropFirst("::ffff:".count)) : address
  }

  /// Answers requests until the client has no more, or until either side wants to close.
  ///
  /// - Throws: The error of the connection, which is closed by then.
  func serve() async throws {
    try await connection.executeThenClose { inbound, outbound in
      var parts = inbound.makeAsyncIterator()
      do {
        while let head = try await nextHead(&parts) {
          guard let response = try await response(to: head, &parts) else { break }
          let isLast = !head.isKeepAlive || head.headers.contains(name: "Upgrade")
          try await send(response, for: head.version, closing: isLast)
          if isLast { break }
        }
      } catch let error as HTTPParserError {
        let status: HTTPResponseStatus =
          error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest
        try await send(responder.refusal(status, on: channel), closing: true)
      }
      outbound.finish()
      // The client may not see the response unless the rest of its request is read.
      while try await parts.next(isolation: #isolation) != nil {}
      try await channel.closeFuture.get()
    }
  }

  /// Reads a request to its end and answers it.
  ///
  /// - Returns: The answer; `nil` if the request was refused and the connection must end.
  private func response(
    to head: HTTPRequestHead, _ parts: inout Inbound.AsyncIterator
  ) async throws -> OutgoingResponse? {
    if let status = head.refusal(maxBodyBytes: maxBodyBytes) {
      try await send(responder.refusal(status, on: channel), closing: true)
      return nil
    }
    if head.awaitsContinue {
      let interim = HTTPResponseHead(version: head.version, status: .continue)
      try await channel.writeAndFlush(HTTPServerResponsePart.head(interim)).get()
    }
    guard try await skipBody(&parts) else {
      try await send(responder.refusal(.payloadTooLarge, on: channel), closing: true)
      return nil
    }
    return await responder.respond(to: head, from: remoteAddress, on: channel)
  }

  private func nextHead(_ parts: inout Inbound.AsyncIterator) async throws -> HTTPRequestHead? {
    while let part = try await parts.next(isolation: #isolation) {
      if case .head(let head) = part { return head }
    }
    return nil
  }

  /// Reads a request to its end.
  ///
  /// - Returns: Whether its body was small enough; a larger body is not read to its end.
  private func skipBody(_ parts: inout Inbound.AsyncIterator) async throws -> Bool {
    var byteCount = 0
    while let part = try await parts.next(isolation: #isolation) {
      switch part {
      case .head:
        break
      case .body(let buffer):
        byteCount += buffer.readableBytes
        if byteCount > maxBodyBytes { return false }
      case .end:
        return true
      }
    }
    // The client has closed its side in the middle of a request.
    throw HTTPParserError.invalidEOFState
  }

  private func send(
    _ response: OutgoingResponse, for version: HTTPVersion = .http1_1, closing: Bool
  ) async throws {
    var headers = response.headers
    headers.add(name: "Date", value: DateField.now)
    if closing {
      headers.add(name: "Connection", value: "close")
    } else if version == .http1_0 {
      headers.add(name: "Connection", value: "keep-alive")
    }
    let head = HTTPResponseHead(version: version, status: response.status, headers: headers)
    channel.write(HTTPServerResponsePart.head(head), promise: nil)
    try await send(response.body)
    try await channel.writeAndFlush(HTTPServerResponsePart.end(nil)).get()
  }

  /// Sends a body some segments at a time. The others wait in the outbox, which connections share.
  private func send(_ body: Delivery) async throws {
    while true {
      let pieces = try body.nextPieces()
      if pieces.isEmpty { break }
      // TLS encrypts a whole write, in memory for one client alone, before it sends any.
      for batch in responder.usesTLS ? pieces.map({ [$0] }) : [pieces] {
        try await write(batch, of: body)
      }
      body.finishPieces()
    }
  }

  /// Writes pieces in one turn of the event loop, and waits until the system has taken them.
  private func write(_ pieces: [ByteBuffer], of body: Delivery) async throws {
    let channel = channel
    try await channel.eventLoop.flatSubmit {
      let writes = pieces.map { piece in
        let written = channel.write(HTTPServerResponsePart.body(.byteBuffer(piece)))
        written.whenSuccess { body.note(sentBytes: piece.readableBytes) }
        return written
      }
      channel.flush()
      return writes.last ?? channel.eventLoop.makeSucceededVoidFuture()
    }.get()
  }
}

extension HTTPRequestHead {
  /// The status to refuse the request with; `nil` if its header fields are valid.
  ///
  /// It checks what the parser does not. Counterpart: RFC 9112, sections 3.2, 6.1 and 6.2.
  fileprivate func refusal(maxBodyBytes: Int) -> HTTPResponseStatus? {
    let hosts = headers["Host"].count
    if hosts > 1 || hosts == 0 && version == .http1_1 { return .badRequest }
    let codings = headers["Transfer-Encoding"]
      .flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
    if codings.contains(where: { $0.allSatisfy(\.isWhitespace) }) { return .badRequest }
    if let length = headers.first(name: "Content-Length") {
      // The parser has checked that these are digits, so what is no Int is too large for one.
      guard let length = Int(length), length <= maxBodyBytes else { return .payloadTooLarge }
    }
    if version == .http1_1, headers["Expect"].contains(where: { !$0.isContinue }) {
      return .expectationFailed
    }
    return nil
  }

  /// Whether the client waits for an interim response before it sends the body.
  fileprivate var awaitsContinue: Bool {
    version == .http1_1 && headers["Expect"].contains(where: \.isContinue)
  }
}

extension String {
  fileprivate var isContinue: Bool { lowercased() == "100-continue" }
}

/// The value of the header field `Date`.
///
/// Counterpart: RFC 9110's IMF-fixdate.
enum DateField {
  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let last = Mutex((second: -1, text: ""))

  /// The current value, which is made once a second.
  static var now: String {
    let second = Int(WallClock.now)
    return last.withLock { last in
      if last.second != second { last = (second, text(secondsSince1970: second)) }
      return last.text
    }
  }

  /// The value for a time, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func text(secondsSince1970 time: Int) -> String {
    let civil = CivilTime(secondsSince1970: time)
    let day = civil.day < 10 ? "0\(civil.day)" : "\(civil.day)"
    return "\(weekdays[civil.weekday]), \(day) \(months[civil.month - 1]) \(civil.year) "
      + "\(civil.clock) GMT"
  }
}
