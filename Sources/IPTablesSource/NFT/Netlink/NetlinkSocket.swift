private import CNFTables
private import Glibc
internal import Platform

/// What carries requests to netfilter and its messages back: a socket, or in the tests a script.
protocol NetlinkTransport: AnyObject, Sendable {
  /// What can be watched for messages; nil where nothing can.
  var descriptor: Int32? { get }

  /// Sends requests, all at once.
  func send(_ request: NetlinkRequest) throws(NFTError)

  /// Receives once, and hands over the bytes, which are gone afterwards.
  ///
  /// - Returns: false where nothing is there, from a transport that doesn't wait.
  /// - Throws: ``NFTError/timedOut`` where nothing came, from one that waits; ``NFTError/overrun``
  ///   where messages were lost.
  func receiveBytes(_ body: (KernelBytes) -> Void) throws(NFTError) -> Bool

  /// Waits until there is something to receive, for at most so many milliseconds.
  func waitForMessage(milliseconds: Int32)
}

extension NetlinkTransport {
  /// Receives once, and hands over each message; what it points to is gone afterwards.
  ///
  /// - Returns: false where nothing is there, from a transport that doesn't wait.
  /// - Throws: ``NFTError``: ``NFTError/malformed`` where the bytes don't end with a message.
  func receive(_ body: (NetlinkMessage) -> Void) throws(NFTError) -> Bool {
    var areWhole = true
    let isThere = try receiveBytes { bytes in
      var messages = NetlinkMessages(bytes)
      while let message = messages.next() { body(message) }
      areWhole = messages.isAtEnd
    }
    guard areWhole else { throw .malformed }
    return isThere
  }

  /// Receives the answer to a request, and hands over each of its messages.
  ///
  /// Answers to earlier requests, which came late, are left out.
  ///
  /// - Parameters:
  ///   - sequence: The request's number.
  ///   - kind: What the answer's messages are.
  ///   - isDump: Whether the answer may have many messages, or none; another has one.
  /// - Returns: Whether something changed while a dump was made.
  /// - Throws: ``NFTError``.
  func receiveAnswer(
    to sequence: UInt32, of kind: NetlinkMessage.Kind, isDump: Bool,
    _ body: (NetlinkMessage) -> Void
  ) throws(NFTError) -> Bool {
    var outcome: Result<Void, NFTError>?
    var isInterrupted = false
    while outcome == nil {
      let isThere = try receive { message in
        guard message.sequence == sequence, outcome == nil else { return }
        if message.isInterrupted { isInterrupted = true }
        switch message.kind {
        case kind:
          body(message)
          if !isDump { outcome = .success(()) }
        case .done(0) where isDump: outcome = .success(())
        case .done(let code) where code != 0, .error(let code) where code != 0:
          outcome = .failure(.refused(SystemError(code: code)))
        default: outcome = .failure(.malformed)
        }
      }
      if !isThere { throw .malformed }
    }
    try outcome?.get()
    return isInterrupted
  }
}

/// Opens a transport that belongs to the network namespace of this thread.
///
/// With a multicast group it listens to that, without ever waiting. Without one it carries requests,
/// and waits a few seconds for an answer.
typealias NetlinkOpening = @Sendable (_ group: UInt32?) throws(NFTError) -> any NetlinkTransport

/// A socket to netfilter, with the buffer that it receives into, closed exactly once.
///
/// Belongs to the network namespace of the thread that opened it, whoever uses it later; one thread at
/// a time. C counterpart: `struct mnl_socket`.
@safe final class NetlinkSocket: NetlinkTransport {
  private nonisolated(unsafe) let socket: OpaquePointer
  private nonisolated(unsafe) let buffer: UnsafeMutableRawBufferPointer
  private let waits: Bool

  /// Opens a socket, as ``NetlinkOpening`` says.
  ///
  /// - Throws: ``NFTError`` of the call that failed; ``NFTError/notLoaded`` where the kernel might have
  ///   to load the subsystem.
  init(group: UInt32?, to subsystem: KernelSubsystem = .nfTables) throws(NFTError) {
    guard subsystem.presence == .present else { throw .notLoaded }
    let flags = SocketFlag.closeOnExec | (group == nil ? 0 : SocketFlag.nonBlocking)
    guard let opened = unsafe mnl_socket_open2(NETLINK_NETFILTER, flags) else {
      throw errno == EPROTONOSUPPORT ? .notLoaded : .refused(SystemError(code: errno))
    }
    unsafe socket = opened
    unsafe buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.bufferSize, alignment: 16)
    waits = group == nil
    let groups = group.map { UInt32(1) << ($0 - 1) } ?? 0
    guard unsafe mnl_socket_bind(socket, groups, 0) == 0 else {
      throw .refused(SystemError(code: errno))
    }
    setReceiveQueue(group == nil ? Self.answerQueue : Self.eventQueue)
    var time = timeval(tv_sec: Self.patience, tv_usec: 0)
    unsafe _ = setsockopt(
      fileDescriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit {
    unsafe _ = mnl_socket_close(socket)
    unsafe buffer.deallocate()
  }

  var descriptor: Int32? { fileDescriptor }

  private var fileDescriptor: Int32 { unsafe mnl_socket_get_fd(socket) }

  func send(_ request: NetlinkRequest) throws(NFTError) {
    let sent = unsafe request.bytes.withUnsafeBytes {
      unsafe mnl_socket_sendto(socket, $0.baseAddress, $0.count)
    }
    guard sent >= 0 else { throw .refused(SystemError(code: errno)) }
  }

  func receiveBytes(_ body: (KernelBytes) -> Void) throws(NFTError) -> Bool {
    while true {
      let count = unsafe mnl_socket_recvfrom(socket, buffer.baseAddress, buffer.count)
      if count >= 0 {
        unsafe body(KernelBytes(UnsafeRawBufferPointer(rebasing: buffer[..<count])))
        return true
      }
      switch errno {
      case EINTR: continue
      case EAGAIN where !waits: return false
      case EAGAIN: throw .timedOut
      case ENOBUFS: throw .overrun
      // libmnl's word for a message that doesn't fit into the buffer.
      case ENOSPC: throw .malformed
      default: throw .refused(SystemError(code: errno))
      }
    }
  }

  func waitForMessage(milliseconds: Int32) {
    var request = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&request, 1, milliseconds)
  }

  /// Makes the kernel's queue of what was not yet received larger than users may; where that is not
  /// allowed, as large as they may.
  private func setReceiveQueue(_ bytes: Int32) {
    var size = bytes
    let length = socklen_t(MemoryLayout<Int32>.size)
    if unsafe setsockopt(fileDescriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, length) != 0 {
      unsafe _ = setsockopt(fileDescriptor, SOL_SOCKET, SO_RCVBUF, &size, length)
    }
  }

  /// How many seconds a socket that asks waits for an answer.
  static let patience = 10
  /// The kernel fills at most 32 KiB of a dump at once.
  private static let bufferSize = 1 << 16
  /// Memory that the kernel takes only while messages wait.
  private static let answerQueue: Int32 = 2 << 20
  private static let eventQueue: Int32 = 8 << 20
}
