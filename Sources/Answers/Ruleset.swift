public import KubeProxy
public import Netfilter

/// A rule set that is asked about: the tables of each address family, and a name for it.
public struct Ruleset: Sendable {
  /// What people call it: a file's name, `kernel`.
  public let name: String
  /// Sorted, each family at most once.
  public let families: [FamilySnapshot]
  /// What was left out: a family that stands in `families` in the other backend.
  public let leftOut: [FamilySnapshot]
  /// What was read beside them: families of the kernel's backend that kube-proxy doesn't use.
  public let beside: [FamilySnapshot]
  /// kube-proxy's, as far as is known.
  public let mode: KubeProxyMode
  /// Whether they are the kernel's rules, and not a file's.
  public let isKernel: Bool

  /// Where a family is given in both backends, takes the one that alone has a chain KUBE-SERVICES, or else
  /// the one that holds more rules.
  ///
  /// - Parameters:
  ///   - mode: kube-proxy's, where more than the rules shows it.
  ///   - beside: families of the kernel's backend that kube-proxy doesn't use.
  ///   - isKernel: whether they are the kernel's rules, and not a file's.
  public init(
    name: String, families: [FamilySnapshot], mode: KubeProxyMode? = nil,
    beside: [FamilySnapshot] = [], isKernel: Bool = false
  ) {
    self.name = name
    self.beside = beside
    self.isKernel = isKernel
    var taken: [FamilySnapshot] = []
    var leftOut: [FamilySnapshot] = []
    for family in IPFamily.allCases {
      let candidates = families.filter { $0.family == family }.sorted { $0.rank > $1.rank }
      taken += candidates.prefix(1)
      leftOut += candidates.dropFirst()
    }
    self.families = taken
    self.leftOut = leftOut
    self.mode = mode ?? KubeProxyMode(of: taken)
  }

  /// The family's tables; nil where it has none.
  public func family(_ family: IPFamily) -> FamilySnapshot? {
    families.first { $0.family == family }
  }

  /// The family in the other backend; nil where that wasn't read, or has none.
  func other(_ family: FamilySnapshot) -> FamilySnapshot? {
    (leftOut + beside).first { $0.family == family.family && $0.backend != family.backend }
  }

  /// What the other backend holds of kube-proxy's and the kubelet's, family by family. Families that only one
  /// backend holds are left out.
  var mixedBackends: [MixedBackend] {
    families.compactMap { family in
      guard let other = other(family), KubernetesHoldings(of: family) != nil else { return nil }
      return KubernetesHoldings(of: other).map {
        MixedBackend(
          family: family.family, taken: family.backend, other: other.backend, holdings: $0)
      }
    }
  }

  /// The rule set as iptables-save prints it: to be compared with a file.
  ///
  /// A table of nf_tables has all of its built-in chains: iptables-nft makes them when they are needed,
  /// and prints them all the same.
  public var asSaved: Ruleset {
    let families = families.map { family in
      FamilySnapshot(
        backend: family.backend, family: family.family,
        tables: family.tables.map { $0.asSaved(family.backend) },
        absentTables: family.absentTables)
    }
    return Ruleset(
      name: name, families: families, mode: mode, beside: beside, isKernel: isKernel)
  }
}

/// What the backend holds that isn't taken for kube-proxy's.
struct MixedBackend {
  let family: IPFamily
  let taken: Backend
  let other: Backend
  let holdings: KubernetesHoldings

  /// In a sentence.
  var notice: String {
    "\(taken.rawValue) is taken for kube-proxy's\(Wording.suffix(family)), and \(other.rawValue) holds "
      + "\(holdings.description) too; see kube-iptables-exporter check"
  }
}

extension FamilySnapshot {
  fileprivate var rank: (Int, Int) {
    let hasServices = tables.contains { $0.content.chainIndex(of: .kubeServices) != nil }
    return (hasServices ? 1 : 0, ruleCount)
  }
}

extension Rule {
  /// Whether `isMeant` holds for an element of the rule. Its parameters are those of `forEachElement`.
  func contains(_ isMeant: (LineElement, Span<UInt8>, Range<Int>) -> Bool) -> Bool {
    var isThere = false
    forEachElement { element, line, owner in isThere = isThere || isMeant(element, line, owner) }
    return isThere
  }

  /// The target's name, of a rule that has one.
  var target: String? {
    var target: String?
    forEachElement { element, line, _ in
      guard element.kind == .target else { return }
      target = String(decoding: line.bytes(in: element.name), as: UTF8.self)
    }
    return target
  }

  /// What a selector or option such as `-i` asks for; nil where the rule doesn't have it.
  func value(of name: String) -> (bytes: [UInt8], isInverted: Bool)? {
    var value: (bytes: [UInt8], isInverted: Bool)?
    forEachElement { element, line, _ in
      guard line.isText(name, element.name) else { return }
      value = (line.bytes(in: element.value), element.isInverted)
    }
    return value
  }
}

extension TableSnapshot {
  fileprivate func asSaved(_ backend: Backend) -> TableSnapshot {
    let missing = name.builtInChains.filter {
      backend == .nft && content.chainIndex(of: $0) == nil
    }
    let chains = missing.map { Chain(name: $0, policy: .accept) } + content.chains
    return TableSnapshot(
      content: TableContent(family: family, name: name, chains: chains), counters: counters,
      policyCounters: missing.map { _ in Counter() } + policyCounters, size: size,
      handles: handles)
  }
}
