/// A rule's content, without its counters: two rules are equal where iptables would print the same
/// text for them.
public struct DecodedRule: Sendable, Hashable {
  /// The conditions: built-in selectors first, then extensions in the order they are stored in.
  public var matches: [Match]
  public var target: Target

  public init(matches: [Match] = [], target: Target) {
    self.matches = matches
    self.target = target
  }

  /// The text of the first comment, which is where kube-proxy names the service port.
  public var comment: ByteString? {
    first { if case .comment(let comment) = $0 { comment } else { nil } }
  }

  /// The IP protocol that the rule is restricted to; nil where there is none, or all but one.
  public var ipProtocol: ProtocolMatch? {
    first { if case .protocol(let match) = $0, !match.inverted { match } else { nil } }
  }

  /// `-d`, where given.
  public var destination: AddressMatch? {
    first { if case .destination(let match) = $0 { match } else { nil } }
  }

  /// `--dport` of the tcp, udp or sctp match, where it is one port.
  public var destinationPort: UInt16? {
    first {
      switch $0 {
      case .tcp(let match): match.destination.single
      case .udp(let match): match.destination.single
      case .sctp(let match): match.destination.single
      default: nil
      }
    }
  }

  /// The chain that the rule leads to, by jump or goto.
  public var chain: ChainName? {
    switch target {
    case .jump(let name), .goto(let name): name
    default: nil
    }
  }

  /// The rule with what `body` makes of its extensions that aren't decoded; where that is nil, they stay.
  public func replacingUnrecognised(
    _ body: (Unrecognised, Unrecognised.Role) -> Unrecognised?
  ) -> DecodedRule {
    var rule = self
    for (position, match) in matches.enumerated() {
      if case .unrecognised(let kept) = match, let other = body(kept, .match) {
        rule.matches[position] = .unrecognised(other)
      }
    }
    if case .unrecognised(let kept) = target, let other = body(kept, .target) {
      rule.target = .unrecognised(other)
    }
    return rule
  }

  private func first<Value>(_ select: (Match) -> Value?) -> Value? {
    for match in matches {
      if let value = select(match) { return value }
    }
    return nil
  }
}
