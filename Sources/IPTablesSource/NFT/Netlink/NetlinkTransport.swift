/// What carries requests to nf_tables and its messages back: a socket, or in the tests a script.
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
}

/// Opens a transport that belongs to the network namespace of this thread.
///
/// With a multicast group it listens to that, without ever waiting. Without one it carries requests,
/// and waits a few seconds for an answer.
typealias NetlinkOpening = @Sendable (_ group: UInt32?) throws(NFTError) -> any NetlinkTransport
