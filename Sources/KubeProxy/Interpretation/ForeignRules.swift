public import Netfilter

/// A rule in one of kube-proxy's or the kubelet's chains, or one that leads into them, that neither of the two
/// writes.
public struct ForeignRule: Sendable {
  public enum Kind: Sendable, Hashable {
    /// It stands in one of their chains.
    case inside
    /// It stands in another chain, and leads into one of theirs.
    case into
  }

  public let kind: Kind
  /// The index of its chain in the table.
  public let chain: Int
  /// Its position in the chain, counted from 0.
  public let position: Int
}

extension TableContent {
  /// The rules that are foreign by their shape: by their matches, and by where they lead.
  ///
  /// A rule that somebody wrote in the shape of kube-proxy's own is none. Rules in KUBE-* chains that the
  /// mode iptables doesn't have are not looked at. What kube-proxy has written since 1.14 is known.
  public var foreignRules: [ForeignRule] {
    var found: [ForeignRule] = []
    for index in chains.indices {
      let name = chains[index].name
      let kind: ForeignRule.Kind
      let isOwn: (RuleShape) -> Bool
      if chains[index].isBuiltIn || ChainRole(name) == .other {
        let isBuiltIn = chains[index].isBuiltIn
        kind = .into
        isOwn = { !$0.leadsToKubernetes || isBuiltIn && $0.isHookJump }
      } else {
        kind = .inside
        guard let shapes = KnownShapes(ofChain: name, in: self.name) else { continue }
        isOwn = shapes.contain
      }
      let rules = chains[index].rules
      for position in rules.indices {
        let line = rules.line(at: position)
        if !isOwn(RuleShape(line.span)) {
          found.append(ForeignRule(kind: kind, chain: index, position: position))
        }
      }
    }
    return found
  }
}

/// What a rule matches by, what its comment is of, and where it leads.
private struct RuleShape {
  struct Matches: OptionSet {
    let rawValue: UInt16

    static let comment = Matches(rawValue: 1)
    /// tcp, udp and sctp.
    static let transport = Matches(rawValue: 2)
    static let mark = Matches(rawValue: 4)
    static let conntrack = Matches(rawValue: 8)
    static let addrtype = Matches(rawValue: 16)
    static let statistic = Matches(rawValue: 32)
    static let recent = Matches(rawValue: 64)
    static let nfacct = Matches(rawValue: 128)
    static let physdev = Matches(rawValue: 256)
    static let other = Matches(rawValue: 512)
    /// A condition on addresses, interfaces, the protocol or fragments.
    static let selector = Matches(rawValue: 1024)

    fileprivate static let named: [(name: String, Matches)] = [
      ("comment", comment), ("tcp", transport), ("udp", transport), ("sctp", transport),
      ("mark", mark), ("conntrack", conntrack), ("state", conntrack), ("addrtype", addrtype),
      ("statistic", statistic), ("recent", recent), ("nfacct", nfacct), ("physdev", physdev),
    ]
  }

  enum Target: Hashable {
    case none
    case accept, mark, masquerade, `return`
    /// REJECT or DROP.
    case blocked
    /// DNAT, whether the destination is known or not.
    case destinationNAT
    case chain(ChainName)
    case other
  }

  enum Comment: Hashable {
    case none
    /// It begins with the word `kubernetes`, as those of kube-proxy's plumbing do.
    case kubernetes
    case servicePort(ServicePortComment.Purpose)
    case other
  }

  private(set) var matches: Matches = []
  private(set) var target = Target.none
  private(set) var comment = Comment.none

  init(_ line: Span<UInt8>) {
    var elements = LineElements()
    while let element = elements.next(line) {
      switch element.kind {
      case .match:
        let match = Matches.named.first { line.isText($0.name, element.name) }?.1 ?? .other
        matches.insert(match)
      case .target, .goto: target = Self.target(element.name, line)
      case .selector: matches.insert(.selector)
      case .option: break
      }
    }
    let outline = RuleOutline(line)
    switch outline.outcome {
    case .chain(let name): target = .chain(name)
    case .destinationNAT, .unknownDestinationNAT: target = .destinationNAT
    case .blocked, .other: break
    }
    if let text = outline.comment { comment = Self.comment(line.extracting(text)) }
  }

  private static func target(_ name: Range<Int>, _ line: Span<UInt8>) -> Target {
    for (text, target) in targets where line.isText(text, name) { return target }
    return .other
  }

  private static let targets: [(String, Target)] = [
    ("ACCEPT", .accept), ("DROP", .blocked), ("REJECT", .blocked), ("RETURN", .return),
    ("MARK", .mark), ("MASQUERADE", .masquerade),
  ]

  private static func comment(_ text: Span<UInt8>) -> Comment {
    if text.begins(with: "kubernetes ") || text.begins(with: "Kubernetes ") { return .kubernetes }
    return ServicePortComment(text).map { .servicePort($0.purpose) } ?? .other
  }

  /// Whether it leads to a chain of kube-proxy or the kubelet.
  var leadsToKubernetes: Bool {
    guard case .chain(let name) = target else { return false }
    return ChainRole(name) != .other
  }

  /// Whether it is a jump that kube-proxy or the kubelet writes into a built-in chain.
  var isHookJump: Bool {
    guard case .chain(let name) = target else { return false }
    if name == .kubeFirewall, matches.isSubset(of: .comment) { return true }
    guard comment == .kubernetes, !matches.contains(.selector) else { return false }
    switch ChainRole(name) {
    case .dispatch: return true
    case .system: return name != .kubeMarkMasq && name != .kubeMarkDrop
    case .service, .other: return false
    }
  }

  /// Whether it leads to a service port's chain.
  var leadsToService: Bool {
    guard case .chain(let name) = target, case .service = ChainRole(name) else { return false }
    return true
  }

  func leads(to names: ChainName...) -> Bool {
    guard case .chain(let name) = target else { return false }
    return names.contains(name)
  }

  func has(_ matches: Matches) -> Bool { self.matches.contains(matches) }
}

/// The shapes that the rules of one chain have, where kube-proxy or the kubelet alone writes into it.
private struct KnownShapes {
  private let allowed: RuleShape.Matches
  private let isKnown: (RuleShape) -> Bool

  func contain(_ shape: RuleShape) -> Bool {
    shape.matches.isSubset(of: allowed) && isKnown(shape)
  }

  private init(_ allowed: RuleShape.Matches, _ isKnown: @escaping (RuleShape) -> Bool) {
    self.allowed = allowed
    self.isKnown = isKnown
  }

  /// Those of a chain; nil where they aren't known.
  init?(ofChain name: ChainName, in table: TableName) {
    if ["KUBE-PROXY-CANARY", "KUBE-KUBELET-CANARY", "KUBE-IPTABLES-HINT"].contains(name) {
      self.init([]) { _ in false }
      return
    }
    switch table {
    case .nat: self.init(ofNATChain: name)
    case .filter: self.init(ofFilterChain: name)
    default: return nil
    }
  }

  private init?(ofNATChain name: ChainName) {
    switch ChainRole(name) {
    case .service(let family, _):
      self.init([.selector, .comment, .transport, .addrtype, .statistic, .recent]) { shape in
        shape.leadsToService || shape.leads(to: .kubeMarkMasq, .kubeMarkDrop)
          || family == .endpoint && shape.target == .destinationNAT
          || family == .firewall && shape.target == .none && shape.has(.comment)
      }
    case .dispatch where name == .kubeServices || name == .kubeNodePorts:
      self.init([.selector, .comment, .transport, .addrtype, .physdev, .nfacct]) { shape in
        shape.leadsToService || shape.leads(to: .kubeMarkMasq, .kubeNodePorts)
      }
    case .system where name == .kubeMarkMasq || name == .kubeMarkDrop:
      self.init(.comment) { $0.target == .mark }
    case .system where name == .kubePostrouting:
      self.init([.comment, .mark]) { shape in
        switch shape.target {
        case .return: shape.has(.mark)
        case .mark: true
        case .masquerade: shape.comment == .kubernetes
        default: false
        }
      }
    default: return nil
    }
  }

  private init?(ofFilterChain name: ChainName) {
    switch name {
    case .kubeServices, .kubeExternalServices:
      self.init([.selector, .comment, .transport, .addrtype]) { shape in
        guard shape.target == .blocked, case .servicePort(let purpose) = shape.comment else {
          return false
        }
        return purpose == .noEndpoints || purpose == .noLocalEndpoints
      }
    case .kubeNodePorts:
      self.init([.selector, .comment, .transport]) {
        $0.target == .accept && $0.comment == .servicePort(.healthCheck)
      }
    case .kubeProxyFirewall:
      self.init([.selector, .comment, .transport]) { shape in
        guard shape.target == .blocked, case .servicePort(.notAccepted) = shape.comment else {
          return false
        }
        return true
      }
    case .kubeForward:
      self.init([.selector, .comment, .mark, .conntrack, .nfacct]) { shape in
        switch shape.target {
        case .accept:
          shape.comment == .kubernetes && !shape.matches.isDisjoint(with: [.mark, .conntrack])
        case .blocked: shape.has(.conntrack)
        default: false
        }
      }
    case .kubeFirewall:
      self.init([.selector, .comment, .mark, .conntrack]) {
        $0.target == .blocked && $0.has(.comment)
          && !$0.matches.isDisjoint(with: [.mark, .conntrack])
      }
    default: return nil
    }
  }
}
