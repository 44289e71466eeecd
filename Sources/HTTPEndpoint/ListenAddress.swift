/// An address to listen on: a host and a port, in the form that Prometheus exporters use.
///
/// It accepts `host:port`, `[IPv6 address]:port` and `:port`. An empty host stands for all
/// interfaces, IPv6 and IPv4 at once. A port without its colon is refused, and so is an IPv6
/// address without brackets, because neither shows where the host ends.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// A name or an IP address without brackets; empty for all interfaces.
  public let host: String

  /// The TCP port; 0 lets the system choose.
  public let port: UInt16

  /// Creates an address of a host and a port.
  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads an address such as `:9455`, `127.0.0.1:9455` or `[::1]:9455`.
  ///
  /// - Throws: ``ListenAddressError`` if the text is not an address.
  public init(parsing text: String) throws(ListenAddressError) {
    guard let colon = text.lastIndex(of: ":") else {
      throw ListenAddressError(text: text, reason: "has no port (write :9455 or host:9455)")
    }
    let digits = text[text.index(after: colon)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(digits)
    else {
      throw ListenAddressError(text: text, reason: "has no port between 0 and 65535")
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else {
        throw ListenAddressError(text: text, reason: "has no IPv6 address between its brackets")
      }
    } else if host.contains(where: { ":[]".contains($0) }) {
      throw ListenAddressError(text: text, reason: "needs its IPv6 address between brackets")
    }
    if host.contains(where: { $0.isWhitespace || $0 == "/" }) {
      throw ListenAddressError(text: text, reason: "has no usable host")
    }
    self.init(host: String(host), port: port)
  }

  /// The address in the form that ``init(parsing:)`` reads.
  public var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// A text that is not a ``ListenAddress``.
public struct ListenAddressError: Error, Hashable, CustomStringConvertible {
  /// The text.
  public let text: String

  /// What is wrong with it.
  public let reason: String

  /// One line for the operator.
  public var description: String { "the listen address \"\(text)\" \(reason)" }
}
