import NIOCore
import NIOHTTP1

/// Enforces one connection's timeouts, and closes it when the server stops.
///
/// It is a channel handler between the HTTP handlers and ``HTTPConnection``, so all parts of
/// requests and responses pass it. The timeout depends on the state of the connection:
///
/// - Data is on its way to the client: some of it must be sent within the write timeout.
/// - A request is being answered: the handler may take any time.
/// - A request has begun: it must be complete within the head timeout.
/// - Nothing happens: the idle timeout applies.
/// - The last response was sent: the client has two seconds to close.
final class ConnectionGuard: ChannelDuplexHandler, NIOScheduledCallbackHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// Asks the connection to end: at once if it waits for a request, otherwise after the response.
  struct Drain: Sendable {}

  private enum Phase {
    case idle
    case receiving
    case responding
    case closing
  }

  private static let lingerTimeout = TimeAmount.seconds(2)

  private let limits: HTTPLimits
  private let table: ConnectionTable
  private var context: ChannelHandlerContext?
  private var phase = Phase.idle
  private var unflushedWrites = 0
  private var isDraining = false
  private var isOutputClosed = false
  private var progress = NIODeadline.now()
  private var timer: (callback: NIOScheduledCallback, deadline: NIODeadline)?

  init(limits: HTTPLimits, table: ConnectionTable) {
    self.limits = limits
    self.table = table
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.callback.cancel()
    timer = nil
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    if table.admit(context.channel) {
      enter(.idle)
    } else {
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    table.remove(context.channel)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // The request was answered before its end, or comes after the last response.
    guard phase != .closing, !(phase == .idle && isDraining) else { return }
    switch unwrapInboundIn(data) {
    case .head:
      enter(.receiving)
    case .body:
      break
    case .end:
      enter(.responding)
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Bytes have arrived, but they are not yet a request's head.
    if phase == .idle {
      enter(.receiving)
    }
    context.fireChannelReadComplete()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is Drain {
      isDraining = true
      closeIfDone()
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var part = unwrapOutboundIn(data)
    unflushedWrites += 1
    switch part {
    case .head(let head) where head.status == .continue:
      break
    case .head(var head):
      enter(.responding)
      if isDraining {
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        part = .head(head)
      }
    case .body:
      break
    case .end:
      // This must be before the write, which starts the next request if that has already arrived.
      enter(.idle)
    }
    let flushed = promise ?? context.eventLoop.makePromise()
    progress = .now()
    flushed.futureResult.assumeIsolated().whenComplete { self.writeCompleted($0) }
    context.write(wrapOutboundOut(part), promise: flushed)
    arm()
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .output else {
      context.close(mode: mode, promise: promise)
      return
    }
    // All data must be sent first: a client that has closed its side would not get the rest.
    promise?.succeed()
    enter(.closing)
    closeIfDone()
  }

  func handleScheduledCallback(eventLoop: some EventLoop) {
    timer = nil
    if let deadline, deadline <= .now() {
      if unflushedWrites > 0 {
        context?.channel.abort()
      } else {
        context?.close(promise: nil)
      }
    } else {
      arm()
    }
  }
}

extension ConnectionGuard {
  private var deadline: NIODeadline? {
    if unflushedWrites > 0 {
      return progress + TimeAmount(limits.writeTimeout)
    }
    return switch phase {
    case .idle: progress + TimeAmount(limits.idleTimeout)
    case .receiving: progress + TimeAmount(limits.headTimeout)
    case .responding: nil
    case .closing: progress + Self.lingerTimeout
    }
  }

  private func enter(_ next: Phase) {
    guard let context, phase != .closing else { return }
    // A request's time runs from its first byte.
    if !(phase == .receiving && next == .receiving) {
      progress = .now()
    }
    phase = next
    if next == .responding {
      table.markBusy(context.channel)
    }
    reportWaiting()
    arm()
  }

  private func writeCompleted(_ result: Result<Void, any Error>) {
    unflushedWrites -= 1
    guard case .success = result else {
      context?.close(promise: nil)
      return
    }
    if phase != .receiving {
      progress = .now()
    }
    if unflushedWrites == 0 {
      reportWaiting()
      closeIfDone()
    }
  }

  private func reportWaiting() {
    guard let context, phase != .responding, unflushedWrites == 0 else { return }
    table.markWaiting(context.channel)
  }

  /// Closes the connection if it should be closed and everything was sent.
  private func closeIfDone() {
    guard let context, unflushedWrites == 0 else { return }
    switch phase {
    case .idle where isDraining, .receiving where isDraining:
      context.close(promise: nil)
    case .closing where !isOutputClosed:
      // It closes only this side. If it closed both while the client still sends, the client's
      // system would discard the response.
      isOutputClosed = true
      context.close(mode: .output, promise: nil)
      arm()
    case .idle, .receiving, .responding, .closing:
      break
    }
  }

  /// Makes sure that the timer fires no later than the deadline.
  private func arm() {
    guard let context, let deadline else { return }
    if let timer, timer.deadline <= deadline { return }
    timer?.callback.cancel()
    let loop = context.eventLoop.assumeIsolated()
    timer = (try? loop.scheduleCallback(at: deadline, handler: self)).map { ($0, deadline) }
  }
}
