import Logging
import NIOCore
import NIOHTTP1
import Platform

/// What is set up for each connection before its first byte.
struct ConnectionSetup: Sendable {
  let limits: HTTPLimits
  let table: ConnectionTable
  let security: ServerSecurity?
  let logger: Logger
  private let handshakeFailures = MessageLimit()

  init(
    limits: HTTPLimits, table: ConnectionTable, security: ServerSecurity?, logger: Logger
  ) {
    self.limits = limits
    self.table = table
    self.security = security
    self.logger = logger
  }

  /// Adds the handlers of a connection that was just accepted.
  ///
  /// Where certificates have changed, they are read here, on the event loop: the connection is to
  /// get the new ones, and must be set up before it is registered.
  func configure(_ channel: any Channel) throws -> HTTPConnection.AsyncChannel {
    let pipeline = channel.pipeline.syncOperations
    if let tls = security?.current().tls {
      let handler = tls.makeHandler()
      try pipeline.addHandler(handler)
      try pipeline.addHandler(
        HandshakeGuard(
          handler, allowedNames: tls.allowedClientNames, timeout: limits.headTimeout,
          failures: handshakeFailures, logger: logger))
    }
    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
    decoderLimits.maxHeaderFieldSize = limits.maxHeadBytes
    decoderLimits.maxHeaderListSize = limits.maxHeadBytes
    // The errors are answered by the connection's loop.
    try pipeline.configureHTTPServerPipeline(
      withPipeliningAssistance: true, withErrorHandling: false, withEncoderConfiguration: .init(),
      withDecoderLimitConfiguration: decoderLimits)
    try pipeline.addHandler(ConnectionGuard(limits: limits, table: table))
    return try HTTPConnection.AsyncChannel(
      wrappingChannelSynchronously: channel,
      configuration: .init(isOutboundHalfClosureEnabled: true))
  }
}
