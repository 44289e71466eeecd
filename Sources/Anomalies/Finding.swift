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
  /// How many other faults follow from it, and are not found besides.
  public private(set) var consequences = 0
  private let sentence: String
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
    self.init(
      anomaly, content.family, content.name, chains: chains, rules: rules,
      servicePort: servicePort, mark: mark, detail)
  }

  /// A fault of a table whose content need not be known.
  init(
    _ anomaly: Anomaly, _ family: IPFamily, _ table: TableName, chains: [ChainName] = [],
    rules: [RulePlace] = [], servicePort: ServicePort? = nil, mark: Int = 0, _ detail: String
  ) {
    self.anomaly = anomaly
    self.family = family
    self.table = table
    self.chains = chains
    self.rules = rules
    self.servicePort = servicePort
    sentence = detail
    identity = Identity(anomaly: anomaly, table: table, chain: chains.first ?? "", mark: mark)
  }

  /// What is found, in a sentence of its own. It may hold parts of comments.
  public var detail: String {
    switch consequences {
    case 0: sentence
    case 1: sentence + ", and 1 fault follows from it"
    default: sentence + ", and \(consequences) faults follow from it"
    }
  }

  /// `1 rule`, `2 rules`.
  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// The same fault as the cause of others, which are counted in it.
  func causing(_ others: some Collection<Finding>) -> Finding {
    var cause = self
    cause.consequences += others.reduce(0) { $0 + 1 + $1.consequences }
    return cause
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
