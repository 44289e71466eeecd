public import KubeProxy
public import Netfilter

/// One fault in one reading of a family.
public struct Finding: Sendable {
  public let anomaly: Anomaly
  public let family: IPFamily
  public let table: TableName
  /// The chains that it is about, the one it is found in first.
  public let chains: [ChainName]
  /// The rules that it is about; none where it is that something is missing.
  public let rules: [RulePlace]
  /// The service port that suffers, as far as it is known.
  public let servicePort: ServicePort?
  /// What is found, in a sentence of its own. It may hold parts of comments.
  public let detail: String
  /// What stays the same from one reading to the next for as long as the fault is there, wherever its
  /// rules stand.
  public let identity: Identity

  public struct Identity: Sendable, Hashable {
    let anomaly: Anomaly
    let table: TableName
    let chain: ChainName
    /// Tells apart several of a kind in one chain; as good as what it stands for in this process only.
    let mark: Int
  }

  init(
    _ anomaly: Anomaly, in content: TableContent, chains: [ChainName], rules: [RulePlace] = [],
    servicePort: ServicePort? = nil, mark: Int = 0, _ detail: String
  ) {
    self.anomaly = anomaly
    family = content.family
    table = content.name
    self.chains = chains
    self.rules = rules
    self.servicePort = servicePort
    self.detail = detail
    identity = Identity(anomaly: anomaly, table: table, chain: chains.first ?? "", mark: mark)
  }
}

/// A rule, and where it stands.
public struct RulePlace: Sendable {
  private let content: TableContent
  private let chainIndex: Int
  /// The position in the chain, counted from 0.
  public let position: Int

  fileprivate init(_ content: TableContent, chain: Int, _ position: Int) {
    self.content = content
    chainIndex = chain
    self.position = position
  }

  /// Whether it is the rule at a position of the chain at an index of its table.
  func isAt(_ chain: Int, _ position: Int) -> Bool {
    chainIndex == chain && self.position == position
  }

  func isSame(as other: RulePlace) -> Bool {
    content === other.content && other.isAt(chainIndex, position)
  }

  public var chain: ChainName { content.chains[chainIndex].name }
  public var rule: Rule { content.chains[chainIndex].rules[position] }
}

extension TableContent {
  /// The rules at some positions of a chain.
  func places(_ positions: some Sequence<Int>, in chain: Int) -> [RulePlace] {
    positions.map { RulePlace(self, chain: chain, $0) }
  }

  /// A finding about rules of one chain, and about other chains that suffer.
  func finding(
    _ anomaly: Anomaly, chain: Int, _ positions: some Sequence<Int>, also others: [ChainName] = [],
    servicePort: ServicePort? = nil, mark: Int = 0, _ detail: String
  ) -> Finding {
    Finding(
      anomaly, in: self, chains: [chains[chain].name] + others,
      rules: places(positions, in: chain), servicePort: servicePort, mark: mark, detail)
  }
}
