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
  enum Comment: Hashable {
    case none
    /// It begins with the word `kubernetes`, as those of kube-proxy's plumbing do.
    case kubernetes
    case servicePort(ServicePortComment.Purpose)
    case other
  }

  /// The names of the matches, and `selector` where there is a condition on addresses, interfaces, the
  /// protocol or fragments.
  private(set) var matches: Set<String> = []
  /// Empty where there is none.
  private(set) var target = ""
  let outcome: RuleOutcome
  let comment: Comment

  init(_ line: Span<UInt8>) {
    var elements = LineElements()
    while let element = elements.next(line) {
      switch element.kind {
      case .match: matches.insert(String(decoding: line.bytes(in: element.name), as: UTF8.self))
      case .target, .goto: target = String(decoding: line.bytes(in: element.name), as: UTF8.self)
      case .selector: matches.insert("selector")
      case .option: break
      }
    }
    let outline = RuleOutline(line)
    outcome = outline.outcome
    comment = outline.comment.map { Self.comment(line.extracting($0)) } ?? Comment.none
  }

  private static func comment(_ text: Span<UInt8>) -> Comment {
    if text.begins(with: "kubernetes ") || text.begins(with: "Kubernetes ") { return .kubernetes }
    return ServicePortComment(text).map { .servicePort($0.purpose) } ?? .other
  }

  /// Whether it leads to a chain of kube-proxy or the kubelet.
  var leadsToKubernetes: Bool {
    outcome.chain.map { ChainRole($0) != .other } ?? false
  }

  /// Whether it is a jump that kube-proxy or the kubelet writes into a built-in chain.
  var isHookJump: Bool {
    guard let name = outcome.chain else { return false }
    if name == .kubeFirewall, matches.isSubset(of: ["comment"]) { return true }
    guard comment == .kubernetes, !matches.contains("selector") else { return false }
    switch ChainRole(name) {
    case .dispatch: return true
    case .system: return name != .kubeMarkMasq && name != .kubeMarkDrop
    case .service, .other: return false
    }
  }

  /// Whether it leads to a service port's chain.
  var leadsToService: Bool {
    outcome.chain.map { ChainRole($0).isService } ?? false
  }

  func leads(to names: ChainName...) -> Bool {
    outcome.chain.map(names.contains) ?? false
  }

  func has(_ matches: String...) -> Bool { !self.matches.isDisjoint(with: matches) }
}

/// The shapes that the rules of one chain have, where kube-proxy or the kubelet alone writes into it.
private struct KnownShapes {
  private let allowed: Set<String>
  private let isKnown: (RuleShape) -> Bool

  func contain(_ shape: RuleShape) -> Bool {
    shape.matches.isSubset(of: allowed) && isKnown(shape)
  }

  /// - Parameter allowed: The names of matches, with spaces in between.
  private init(_ allowed: String, _ isKnown: @escaping (RuleShape) -> Bool) {
    self.allowed = Set(allowed.split(separator: " ").map(String.init))
    self.isKnown = isKnown
  }

  /// Those of a chain; nil where they aren't known.
  init?(ofChain name: ChainName, in table: TableName) {
    if ["KUBE-PROXY-CANARY", "KUBE-KUBELET-CANARY", "KUBE-IPTABLES-HINT"].contains(name) {
      self.init("") { _ in false }
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
      self.init("selector comment tcp udp sctp addrtype statistic recent") { shape in
        shape.leadsToService || shape.leads(to: .kubeMarkMasq, .kubeMarkDrop)
          || family == .endpoint && shape.target == "DNAT"
          || family == .firewall && shape.target.isEmpty && shape.has("comment")
      }
    case .dispatch where name == .kubeServices || name == .kubeNodePorts:
      self.init("selector comment tcp udp sctp addrtype physdev nfacct") { shape in
        shape.leadsToService || shape.leads(to: .kubeMarkMasq, .kubeNodePorts)
      }
    case .system where name == .kubeMarkMasq || name == .kubeMarkDrop:
      self.init("comment") { $0.target == "MARK" }
    case .system where name == .kubePostrouting:
      self.init("comment mark") { shape in
        switch shape.target {
        case "RETURN": shape.has("mark")
        case "MARK": true
        case "MASQUERADE": shape.comment == .kubernetes
        default: false
        }
      }
    default: return nil
    }
  }

  private init?(ofFilterChain name: ChainName) {
    switch name {
    case .kubeServices, .kubeExternalServices:
      self.init("selector comment tcp udp sctp addrtype") { shape in
        guard shape.outcome == .blocked, case .servicePort(let purpose) = shape.comment else {
          return false
        }
        return purpose == .noEndpoints || purpose == .noLocalEndpoints
      }
    case .kubeNodePorts:
      self.init("selector comment tcp udp sctp") {
        $0.target == "ACCEPT" && $0.comment == .servicePort(.healthCheck)
      }
    case .kubeProxyFirewall:
      self.init("selector comment tcp udp sctp") { shape in
        guard shape.outcome == .blocked, case .servicePort(.notAccepted) = shape.comment else {
          return false
        }
        return true
      }
    case .kubeForward:
      self.init("selector comment mark conntrack state nfacct") { shape in
        switch shape.target {
        case "ACCEPT":
          shape.comment == .kubernetes && shape.has("mark", "conntrack", "state")
        case "DROP", "REJECT": shape.has("conntrack", "state")
        default: false
        }
      }
    case .kubeFirewall:
      self.init("selector comment mark conntrack state") {
        $0.outcome == .blocked && $0.has("comment")
          && $0.has("mark", "conntrack", "state")
      }
    default: return nil
    }
  }
}
