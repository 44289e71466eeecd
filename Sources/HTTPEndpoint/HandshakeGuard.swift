import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Platform

/// Guards the beginning of a TLS connection.
///
/// It is the channel handler after the TLS handler. It closes the connection if the handshake takes
/// too long, or if the client's certificate has none of the allowed names. No request passes before
/// that is decided.
final class HandshakeGuard: ChannelInboundHandler, NIOScheduledCallbackHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private enum Phase {
    case handshaking
    case open
    case refused
  }

  private let handler: NIOSSLServerHandler
  private let allowedNames: ClientNames?
  private let timeout: TimeAmount
  private let failures: MessageLimit
  private let logger: Logger
  private var context: ChannelHandlerContext?
  private var phase = Phase.handshaking
  private var timer: NIOScheduledCallback?

  init(
    _ handler: NIOSSLServerHandler, allowedNames: ClientNames?, timeout: Duration,
    failures: MessageLimit, logger: Logger
  ) {
    self.handler = handler
    self.allowedNames = allowedNames
    self.timeout = TimeAmount(timeout)
    self.failures = failures
    self.logger = logger
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    let loop = context.eventLoop.assumeIsolated()
    timer = try? loop.scheduleCallback(at: .now() + timeout, handler: self)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if phase == .open { context.fireChannelRead(data) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
      complete(context)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if phase == .handshaking { report("\(error)", context) }
    context.fireErrorCaught(error)
  }

  func handleScheduledCallback(eventLoop: some EventLoop) {
    guard let context, phase == .handshaking else { return }
    phase = .refused
    report("timeout", context)
    context.close(promise: nil)
  }

  private func complete(_ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    guard phase == .handshaking else { return }
    if let allowedNames, !(handler.peerCertificate.map(allowedNames.include(oneOf:)) ?? false) {
      phase = .refused
      report("the client's certificate has no allowed name", context)
      context.close(promise: nil)
    } else {
      phase = .open
    }
  }

  private func report(_ reason: String, _ context: ChannelHandlerContext) {
    guard let leftOut = failures.admit() else { return }
    logger.debug(
      "TLS handshake failed",
      metadata: [
        "client": "\(context.remoteAddress?.ipAddress ?? "")", "error": "\(reason)",
        "left_out": "\(leftOut)",
      ])
  }
}

/// The names of which a client's certificate must have one.
///
/// All kinds of names count (DNS, IP address, e-mail, URI). They are compared as text.
///
/// Counterpart: exporter-toolkit's `VerifyPeerCertificate`.
struct ClientNames: Sendable {
  private let names: Set<String>

  /// Creates a set of names; `nil` if there is no name.
  init?(_ names: [String]) {
    if names.isEmpty { return nil }
    self.names = Set(names)
  }

  /// Whether the certificate has one of the names.
  func include(oneOf certificate: NIOSSLCertificate) -> Bool {
    certificate._subjectAlternativeNames().contains { name in
      Self.text(of: name).map(names.contains) ?? false
    }
  }

  private static func text(of name: _SubjectAlternativeName) -> String? {
    switch name.nameType {
    case .dnsName, .email, .uri:
      return String(validating: name.contents, as: UTF8.self)
    case .ipAddress:
      let bytes = ByteBuffer(bytes: name.contents)
      return try? SocketAddress(packedIPAddress: bytes, port: 0).ipAddress
    default:
      return nil
    }
  }
}
