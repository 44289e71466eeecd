import Logging
import NIOCore
import NIOHTTP1

/// Serves one client, request after request.
struct HTTPConnection {
  typealias AsyncChannel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
  private typealias Inbound = NIOAsyncChannelInboundStream<HTTPServerRequestPart>
  private typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

  private let connection: AsyncChannel
  private let responder: Responder
  private let maxBodyBytes: Int
  private let remoteAddress: String

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
          guard try await skipBody(of: head, &parts) else {
            try await send(responder.refusal(.payloadTooLarge), closing: true, to: outbound)
            break
          }
          let response = await responder.respond(to: head, from: remoteAddress)
          let isLast = !head.isKeepAlive || head.headers.contains(name: "Upgrade")
          try await send(response, for: head.version, closing: isLast, to: outbound)
          if isLast { break }
        }
      } catch let error as HTTPParserError {
        let status: HTTPResponseStatus =
          error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest
        try await send(responder.refusal(status), closing: true, to: outbound)
      }
      outbound.finish()
      // What the client still sends must be read, or it may not get to see the response.
      while try await parts.next(isolation: #isolation) != nil {}
      try await connection.channel.closeFuture.get()
    }
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
  private func skipBody(
    of head: HTTPRequestHead, _ parts: inout Inbound.AsyncIterator
  ) async throws -> Bool {
    if let length = head.headers.first(name: "Content-Length").flatMap({ Int($0) }),
      length > maxBodyBytes
    {
      return false
    }
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
    _ response: OutgoingResponse, for version: HTTPVersion = .http1_1, closing: Bool,
    to outbound: Outbound
  ) async throws {
    var headers = response.headers
    if closing {
      headers.add(name: "Connection", value: "close")
    } else if version == .http1_0 {
      headers.add(name: "Connection", value: "keep-alive")
    }
    let head = HTTPResponseHead(version: version, status: response.status, headers: headers)
    try await outbound.write(.head(head))
    for chunk in BodyChunks(response.body) {
      try await outbound.write(.body(.byteBuffer(chunk)))
    }
    try await outbound.write(.end(nil))
  }
}
