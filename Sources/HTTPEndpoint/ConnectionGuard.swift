import NIOCore
import NIOHTTP1

/// Watches over one connection's times, and closes it when it takes too long or is to go.
///
/// It stands between the HTTP handlers and the connection's loop, on the event loop, and sees the
/// parts of requests and responses go by. What is due depends on what the connection does:
///
/// - data is on its way to the client: some of it must arrive within the write timeout;
/// - a request is under way: the handler may take its time;
/// - a request has begun: it must be complete within the head timeout;
/// - nothing happens: the idle timeout;
/// - the response that was to be the last is sent: the client has two seconds to close.
final class ConnectionGuard: ChannelDuplexHandler, NIOScheduledCallbackHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// Asks the connection to end: at once while it waits, otherwise after the response.
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
    // The rest of a request that was answered before its end, or a request after the last response.
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
    // Bytes came, but not yet a request's head.
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
      // Before the write: it brings on the next request where that has already arrived.
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
    // Not yet, while there is data to send: a client that has closed its side would not get it.
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

  /// Closes the connection if it is to be closed, and all that was written has been sent.
  private func closeIfDone() {
    guard let context, unflushedWrites == 0 else { return }
    switch phase {
    case .idle where isDraining, .receiving where isDraining:
      context.close(promise: nil)
    case .closing where !isOutputClosed:
      // Only this side, and the client the other: closing both while the client still sends would
      // make its system discard the response.
      isOutputClosed = true
      context.close(mode: .output, promise: nil)
      arm()
    case .idle, .receiving, .responding, .closing:
      break
    }
  }

  /// Sees to it that the timer goes off no later than the deadline.
  private func arm() {
    guard let context, let deadline else { return }
    if let timer, timer.deadline <= deadline { return }
    timer?.callback.cancel()
    let loop = context.eventLoop.assumeIsolated()
    timer = (try? loop.scheduleCallback(at: deadline, handler: self)).map { ($0, deadline) }
  }
}
