internal import Glibc

/// A client that asks for metrics as Prometheus does, over one connection that it keeps.
///
/// It does as little as a client can, so that what is measured is the exporter.
package struct ScrapeClient: ~Copyable {
  /// What Prometheus says it accepts: OpenMetrics rather than text.
  package static let prometheusAccepts =
    "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5"

  /// The seconds after which the exporter is told to give up, and those after which this client does.
  private static let timeout = 30
  private static let patience = 60

  private let descriptor: Int32
  private var received: [UInt8] = []

  /// Connects to the exporter on 127.0.0.1.
  package init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = unsafe withUnsafePointer(to: address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      let reason = systemError()
      close(descriptor)
      throw HarnessError("port \(port): \(reason)")
    }
  }

  deinit {
    close(descriptor)
  }

  /// Sends a request and reads its whole answer.
  ///
  /// - Throws: `HarnessError` for any status but 200, and where nothing comes for a minute.
  package mutating func get(
    _ path: String, compressed: Bool = false, accept: String = prometheusAccepts
  ) throws -> Response {
    try ask(path, compressed: compressed, accept: accept)
    received.removeAll(keepingCapacity: true)
    while true {
      try receive()
      if let head = ResponseHead(received), head.isComplete(received) {
        guard head.status == 200 else {
          throw HarnessError("\(path): HTTP status \(head.status)")
        }
        return Response(head: head, bytes: received)
      }
    }
  }

  /// Sends a request.
  package func ask(
    _ path: String, compressed: Bool = false, accept: String = prometheusAccepts
  ) throws {
    try send(
      """
      GET \(path) HTTP/1.1\r
      Host: 127.0.0.1\r
      Accept: \(accept)\r
      Accept-Encoding: \(compressed ? "gzip" : "identity")\r
      X-Prometheus-Scrape-Timeout-Seconds: \(Self.timeout)\r
      \r\n
      """)
  }

  /// Reads and drops so many bytes of what has come, or what there is.
  ///
  /// - Returns: Whether the connection still stands.
  package func drop(_ byteCount: Int) -> Bool {
    var piece = [UInt8](repeating: 0, count: byteCount)
    let count = unsafe recv(descriptor, &piece, byteCount, CInt(MSG_DONTWAIT))
    return count > 0 || (count < 0 && errno == EAGAIN)
  }

  private func send(_ request: String) throws {
    var rest = Array(request.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw HarnessError("send: \(systemError())") }
      rest = rest.dropFirst(count)
    }
  }

  private mutating func receive() throws {
    let piece = 1 << 18
    let start = received.count
    received.append(contentsOf: repeatElement(0, count: piece))
    let count = unsafe received.withUnsafeMutableBytes {
      unsafe recv(descriptor, $0.baseAddress?.advanced(by: start), piece, 0)
    }
    received.removeLast(piece - max(count, 0))
    guard count >= 0 else { throw HarnessError("recv: \(systemError())") }
    guard count > 0 else { throw HarnessError("the exporter closed the connection") }
  }
}
