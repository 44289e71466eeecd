public import Netfilter

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
