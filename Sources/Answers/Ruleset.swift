public import KubeProxy
public import Netfilter

/// A rule set that is asked about: the tables of each address family, and a name for it.
public struct Ruleset: Sendable {
  /// What people call it: a file's name, `kernel`.
  public let name: String
  /// Sorted, each family at most once.
  public let families: [FamilySnapshot]
  /// What was left out, for that its family stands in `families` in the other backend.
  public let leftOut: [FamilySnapshot]
  /// kube-proxy's, as far as is known.
  public let mode: KubeProxyMode
  /// Whether they are the kernel's rules, and not a file's.
  public let isKernel: Bool

  /// Of a family that was given in both backends, that one is taken which alone has a chain
  /// KUBE-SERVICES, or else that which holds more rules.
  ///
  /// - Parameters:
  ///   - mode: kube-proxy's, where more than the rules shows it.
  ///   - isKernel: whether they are the kernel's rules, and not a file's.
  public init(
    name: String, families: [FamilySnapshot], mode: KubeProxyMode? = nil, isKernel: Bool = false
  ) {
    self.name = name
    self.isKernel = isKernel
    var taken: [FamilySnapshot] = []
    var leftOut: [FamilySnapshot] = []
    for family in IPFamily.allCases {
      let candidates = families.filter { $0.family == family }
        .sorted { ($0.hasServices ? 1 : 0, $0.ruleCount) > ($1.hasServices ? 1 : 0, $1.ruleCount) }
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
}

extension FamilySnapshot {
  fileprivate var ruleCount: Int { tables.reduce(0) { $0 + $1.content.ruleCount } }

  fileprivate var hasServices: Bool {
    tables.contains { table in
      table.content.chains.contains { $0.name == .kubeServices }
    }
  }
}
