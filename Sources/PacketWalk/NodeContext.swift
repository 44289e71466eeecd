public import Netfilter

/// What the walk knows of the node besides its rules.
public struct NodeContext: Sendable {
  /// The node's own addresses, as far as they are known. Loopback addresses are always its own; all others
  /// are taken for other machines' and pods'.
  public var addresses: Set<IPAddress>
  /// The interface by which packets to an address leave.
  public var interface: @Sendable (IPAddress) -> NetworkInterface

  public init(
    addresses: Set<IPAddress> = [],
    interface: @escaping @Sendable (IPAddress) -> NetworkInterface = { _ in .unknown }
  ) {
    self.addresses = addresses
    self.interface = interface
  }

  /// Whether the node delivers packets to the address itself.
  public func isLocal(_ address: IPAddress) -> Bool {
    address.isLoopback || addresses.contains(address)
  }
}

extension IPFamily {
  /// An address for documentation (RFC 5737, RFC 3849) that stands for another machine's.
  public var unknownMachine: IPAddress {
    self == .ipv4
      ? IPAddress(ipv4: 0xc000_0201) : IPAddress(ipv6High: 0x2001_0db8_0000_0000, low: 1)
  }

  /// One that stands for the node's.
  public var unknownNode: IPAddress {
    self == .ipv4
      ? IPAddress(ipv4: 0xc633_6401) : IPAddress(ipv6High: 0x2001_0db8_0001_0000, low: 1)
  }
}

extension IPAddress {
  /// Whether it is in 224.0.0.0/4 or ff00::/8.
  var isMulticast: Bool {
    switch family {
    case .ipv4: high >> 60 == 0xe
    case .ipv6: high >> 56 == 0xff
    }
  }

  /// Whether it is 255.255.255.255.
  var isLimitedBroadcast: Bool { self == family.fullMask && family == .ipv4 }
}

/// An interface and its network, as Docker's rule for it shows them: `-A POSTROUTING -s 172.17.0.0/16 ! -o docker0
/// -j MASQUERADE`.
public struct InterfaceNetwork: Sendable {
  public let name: [UInt8]
  public let network: AddressMatch
  /// That of the rule in nat's POSTROUTING.
  public let position: Int

  public static func all(in snapshot: FamilySnapshot) -> [InterfaceNetwork] {
    guard let nat = snapshot.table(.nat)?.content, let chain = nat.chainIndex(of: "POSTROUTING")
    else { return [] }
    let rules = nat.chains[chain].rules
    return rules.indices.compactMap { InterfaceNetwork(rules[$0], $0) }
  }

  private init?(_ rule: Rule, _ position: Int) {
    guard let source = rule.source, !source.inverted, !source.mask.isZero else { return nil }
    var name: [UInt8]?
    var masquerades = false
    var others = 0
    rule.forEachElement { element, line, _ in
      switch element.kind {
      case .selector where line.isText("-o", element.name) && element.isInverted:
        name = line.bytes(in: element.value)
      case .selector where line.isText("-s", element.name): break
      case .target: masquerades = line.isText("MASQUERADE", element.name)
      case .match where line.isText("comment", element.name): break
      case .option: break
      default: others += 1
      }
    }
    guard let name, masquerades, others == 0, name.last != UInt8(ascii: "+") else { return nil }
    self.name = name
    network = source
    self.position = position
  }
}
