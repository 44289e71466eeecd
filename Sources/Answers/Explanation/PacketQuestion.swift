internal import KubeProxy
public import Netfilter

/// A packet that somebody asks about, as it was named: the first of a connection.
public struct PacketQuestion: Sendable {
  public var source: PacketSource
  public var destination: PacketDestination
  /// By which of its addresses a service port is asked for; nil for the one that its clients use.
  public var access: ServiceAccess?
  /// The interface by which the packet comes in; nil where that isn't known.
  public var input: String?
  /// The interface by which it leaves; nil where that isn't known.
  public var output: String?
  public var node = NodeFacts()

  public init(from source: PacketSource, to destination: PacketDestination) {
    self.source = source
    self.destination = destination
  }

  /// The family of the addresses that are named; nil where none is.
  public var family: IPFamily? { namedAddresses.first?.family }

  var namedAddresses: [IPAddress] {
    var addresses: [IPAddress] = []
    if case .address(let address, _) = source { addresses.append(address) }
    if case .address(let address) = destination.place { addresses.append(address) }
    return addresses
  }
}

/// Where a packet comes from.
public enum PacketSource: Sendable, Hashable {
  case address(IPAddress, port: UInt16?)
  /// A process in the node's own network namespace.
  case node
  /// A pod on the node, whichever.
  case pod
  /// Another machine, whichever.
  case outside

  /// Reads `10.244.1.7`, `10.244.1.7:40000`, `fd00::7`, `[fd00::7]:40000` or `NODE`; nil for anything else.
  public init?(_ text: String) {
    if text == nodeWord {
      self = .node
    } else if let socket = SocketAddress(text) {
      self = .address(socket.address, port: socket.port)
    } else {
      return nil
    }
  }
}

/// Where a packet is sent.
public struct PacketDestination: Sendable, Hashable {
  public enum Place: Sendable, Hashable {
    case address(IPAddress)
    case node
    /// A service port by its name, or a service that has one port.
    case service(namespace: String, name: String, port: String?)
    /// None of these, as the rules will tell.
    case unknown
  }

  /// As it was written.
  public let text: String
  public let place: Place
  public let port: UInt16?
  /// Nil where none was named.
  public let transport: PacketProtocol?

  /// Reads `10.96.0.10:53/udp`, `[fd00::a]:53`, `10.244.1.7/icmp`, `NODE:31224`, `default/web:http`.
  public init(_ text: String) {
    self.text = text
    var rest = text[...]
    var transport: PacketProtocol?
    if let slash = text.lastIndex(of: "/"),
      let named = PacketProtocol(rawValue: String(text[text.index(after: slash)...])),
      // A service may be called tcp.
      text[..<slash].contains("/") || Self.isAddressOrNode(text[..<slash])
    {
      transport = named
      rest = text[..<slash]
    }
    self.transport = transport
    (place, port) = Self.place(rest)
  }

  private static func place(_ text: Substring) -> (Place, UInt16?) {
    let words = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    if words.first == nodeWord[...] {
      guard words.count == 2 else { return (.node, nil) }
      return UInt16(words[1]).map { (.node, $0) } ?? (.unknown, nil)
    }
    if let socket = SocketAddress(String(text)) { return (.address(socket.address), socket.port) }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[0].contains(":") else {
      return (.unknown, nil)
    }
    let names = parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = names.first, !name.isEmpty else { return (.unknown, nil) }
    let service = Place.service(
      namespace: String(parts[0]), name: String(name),
      port: names.count == 1 ? nil : String(names[1]))
    return (service, nil)
  }

  private static func isAddressOrNode(_ text: Substring) -> Bool {
    text.prefix { $0 != ":" } == nodeWord[...] || SocketAddress(String(text)) != nil
  }
}

/// The protocol of a packet; the raw value is the word for it in arguments.
public enum PacketProtocol: String, Sendable, Hashable, CaseIterable {
  case tcp, udp, sctp, icmp

  func number(_ family: IPFamily) -> UInt8 {
    switch self {
    case .tcp: 6
    case .udp: 17
    case .sctp: 132
    case .icmp: family == .ipv4 ? 1 : 58
    }
  }
}

/// Where a service port is asked for; the raw value is the word for it in arguments.
public enum ServiceAccess: String, Sendable, Hashable, CaseIterable {
  case cluster, nodeport, external, loadbalancer
}

/// What is known of a node besides its rules.
public struct NodeFacts: Sendable {
  /// The node's own addresses, the main one of each family first.
  public var addresses: [IPAddress]
  /// Whether the node has no others.
  public var areAll: Bool
  /// The interface by which packets to an address leave, as the node's routes say; nil where that isn't known.
  public var interface: @Sendable (IPAddress) -> String?
  /// The address that the node's own packets to an address leave with, as its routes say; nil for the main one.
  public var source: @Sendable (IPAddress) -> IPAddress?

  public init(
    addresses: [IPAddress] = [], areAll: Bool = false,
    interface: @escaping @Sendable (IPAddress) -> String? = { _ in nil },
    source: @escaping @Sendable (IPAddress) -> IPAddress? = { _ in nil }
  ) {
    self.addresses = addresses
    self.areAll = areAll
    self.interface = interface
    self.source = source
  }
}

/// The word for the node's own address, in arguments.
private let nodeWord = "NODE"

/// An address, and perhaps a port.
struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  let address: IPAddress
  let port: UInt16?

  init(address: IPAddress, port: UInt16?) {
    self.address = address
    self.port = port
  }

  /// Reads `10.0.0.1`, `10.0.0.1:80`, `fd00::1`, `[fd00::1]`, `[fd00::1]:80`.
  init?(_ text: String) {
    if let address = IPAddress(text) ?? Self.bracketed(text[...]) {
      self.init(address: address, port: nil)
      return
    }
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let (host, number) = (text[..<colon], text[text.index(after: colon)...])
    guard let port = UInt16(number), number.first != "+",
      let address = Self.bracketed(host)
        ?? (host.contains(":") ? nil : IPAddress(String(host)))
    else { return nil }
    self.init(address: address, port: port)
  }

  private static func bracketed(_ text: Substring) -> IPAddress? {
    guard text.first == "[", text.last == "]", text.count > 2 else { return nil }
    return IPAddress(String(text.dropFirst().dropLast())).flatMap {
      $0.family == .ipv6 ? $0 : nil
    }
  }

  /// `10.0.0.1:80`, `[fd00::1]:80`, `fd00::1`.
  var description: String {
    port.map { "\(ServiceDestinations.Destination(address: address, port: $0))" } ?? "\(address)"
  }
}
