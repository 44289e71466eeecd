import Logging
import NIOCore
import NIOHTTP1

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

  /// Answers requests until the client has no more, or one of both sides wants to close.
  ///
  /// - Throws: What went wrong with the connection: it is closed, and nothing is left to be done.
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
      // What the client still sends must be read, or it may not get to see the response.
      while try await parts.next(isolation: #isolation) != nil {}
      try await channel.closeFuture.get()
    }
  }

  /// Reads a request to its end and answers it.
  ///
  /// - Returns: The answer; `nil` where the request was refused, which must be the end.
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
  /// - Returns: Whether its body was small enough; otherwise it was not read to its end.
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
    // The client has closed its side in the midst of a request.
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

  /// Sends a body some segments at a time: what waits here is the outbox's and shared with others.
  private func send(_ body: Delivery) async throws {
    while true {
      let pieces = try body.nextPieces()
      if pieces.isEmpty { break }
      // TLS encrypts what it is given, for one client alone, before any is sent.
      for batch in responder.usesTLS ? pieces.map({ [$0] }) : [pieces] {
        try await write(batch, of: body)
      }
      body.finishPieces()
    }
  }

  /// Writes pieces, all of them in one turn of the event loop, until the system has taken them.
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
