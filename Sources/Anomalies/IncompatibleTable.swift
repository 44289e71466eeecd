internal import KubeProxy
internal import Netfilter

/// Finds what nf_tables' own tools have written into iptables' tables.
///
/// iptables-nft refuses to list or save a table in which a rule has an expression that it doesn't know:
/// "table `nat' is incompatible, use 'nft' tool." Of others, such as sets, it prints the rule without them. Base
/// chains of other names or hooks it leaves out.
enum IncompatibleTable {
  /// The positions of a chain's rules that iptables can't have written.
  static func nativeRules(ofChainAt index: Int, in content: TableContent) -> [Int] {
    let list = content.chains[index].rules
    return list.indices.filter { position in
      let line = list.line(at: position)
      return nativeExpression(line.span, in: content) != nil
    }
  }

  /// At most one finding for a table.
  ///
  /// - Parameter rules: By chain, the positions of those rules.
  static func finding(in content: TableContent, _ rules: [Int: [Int]]) -> Finding? {
    let baseChains = (0..<content.builtInCount).filter {
      !content.name.builtInChains.contains(content.chains[$0].name)
    }
    let chains = rules.keys.filter { rules[$0]?.isEmpty == false }.sorted()
    if chains.isEmpty, baseChains.isEmpty { return nil }
    let places = chains.flatMap { content.places(rules[$0] ?? [], in: $0) }
    let names = places.compactMap { nativeExpression($0.rule.line.span, in: content) }
    let refused = names.first { !NativeExpression.printed.contains($0) }
    var parts: [String] = []
    if let refused {
      parts.append(
        "\(Finding.count(places.count, "rule")) of nf_tables' own (\(refused), for example): iptables refuses "
          + "to list or save the table")
    } else if !places.isEmpty {
      parts.append(
        "\(Finding.count(places.count, "rule")) of nf_tables' own: iptables prints them without some of their "
          + "conditions")
    }
    if let first = baseChains.first {
      parts.append(
        "\(Finding.count(baseChains.count, "base chain")) of nf_tables' own, such as "
          + "\(content.chains[first].name): packets pass through, and iptables doesn't show it")
    }
    return Finding(
      .incompatibleTable, in: content,
      chains: (chains + baseChains).map { content.chains[$0].name }, rules: places,
      "\(content.name.rawValue) has \(parts.joined(separator: "; and "))")
  }

  /// What a dump says of a table that iptables-nft-save refused, or printed in part.
  static func finding(_ family: IPFamily, _ table: TableName, _ incompatibility: Incompatibility)
    -> Finding
  {
    switch incompatibility {
    case .whole:
      Finding(
        .incompatibleTable, family, table,
        "iptables-save refused to print \(table.rawValue): rules in it are of nf_tables' own. What they and "
          + "kube-proxy's rules in this table do is not in the file")
    case .baseChains:
      Finding(
        .incompatibleTable, family, table,
        "\(table.rawValue) has base chains of nf_tables' own, which iptables-save left out: packets pass "
          + "through them")
    }
  }

  private static func nativeExpression(
    _ line: Span<UInt8>, in content: TableContent
  ) -> String? {
    if let expression = line.nativeExpression { return expression }
    // A chain may have the same name.
    guard let statement = line.bareStatement, let chain = ChainName(statement),
      content.chainIndex(of: chain) == nil
    else { return nil }
    return statement
  }
}

/// Expressions of nf_tables as the reader writes those that no rule of iptables has.
enum NativeExpression {
  /// Those with which iptables lists the rule, and leaves out what they do.
  static let printed: Set<String> = [
    "bitwise", "cmp", "immediate", "lookup", "meta", "payload", "range",
  ]

  /// Those that do what targets do. Some have nothing to say, such as `masq`.
  fileprivate static let statements: Set<String> = [
    "dup", "fwd", "log", "masq", "notrack", "queue", "redir", "reject", "synproxy", "tproxy",
  ]

  /// All that nf_tables has. Some are called like a match of iptables', which the reader knows.
  fileprivate static let names: Set<String> = printed.union(statements).union([
    "DNAT", "byteorder", "connlimit", "ct", "dynset", "exthdr", "fib", "flow_offload", "hash",
    "inner",
    "last", "limit", "nat", "numgen", "objref", "osf", "quota", "rt", "socket", "tunnel", "xfrm",
  ])
}

extension Span<UInt8> {
  /// The name of an expression of nf_tables' own in the line, rather one that iptables refuses; nil where
  /// there is none.
  fileprivate var nativeExpression: String? {
    guard holdsUnrecognised else { return nil }
    var elements = LineElements()
    var owner = 0..<0
    var found: String?
    while let element = elements.next(self) {
      switch element.kind {
      case .match, .target: owner = element.name
      case .option where element.name.isEmpty && isText("[unrecognised,", element.value):
        let name = String(decoding: bytes(in: owner), as: UTF8.self)
        if !NativeExpression.names.contains(name) { continue }
        if !NativeExpression.printed.contains(name) { return name }
        found = found ?? name
      case .option, .selector, .goto: break
      }
    }
    return found
  }

  /// The statement of nf_tables' own that the line ends with, if it has nothing to say.
  fileprivate var bareStatement: String? {
    // Targets and nearly all chains end otherwise.
    guard count > 5, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self[count - 1]) else {
      return nil
    }
    var start = count
    while start > 0, self[start - 1] != UInt8(ascii: " ") { start -= 1 }
    guard start > 2, isText("-j", start - 3..<start - 1) else { return nil }
    let name = String(decoding: bytes(in: start..<count), as: UTF8.self)
    return NativeExpression.statements.contains(name) ? name : nil
  }

  /// Whether something in the line is written as bytes; hardly any line is.
  private var holdsUnrecognised: Bool {
    let text = "[unrecognised, "
    let length = text.utf8.count
    var start = 0
    while start + length <= count {
      // The brackets alone are in IPv6 addresses.
      if self[start] == UInt8(ascii: "["), isText(text, start..<start + length) { return true }
      start += 1
    }
    return false
  }
}

/// Finds that the backend that kube-proxy doesn't use holds chains of kube-proxy or the kubelet as well.
enum MixedBackends {
  /// The most chains and rules of the other backend that a finding has.
  private static let longest = 20

  /// At most one finding for a family; nil where one of the two holds none.
  ///
  /// - Parameter known: that of the same tables of the other backend.
  static func finding(
    _ snapshot: FamilySnapshot, beside other: FamilySnapshot, known: Finding?
  ) -> Finding? {
    guard snapshot.tables.contains(where: { $0.content.holdsKubernetes }) else { return nil }
    if let known { return known }
    guard let holdings = KubernetesHoldings(of: other), let table = holdings.tables.first else {
      return nil
    }
    let contents = holdings.tables.compactMap { other.table($0)?.content }
    let chains = contents.flatMap { content in
      content.chains.indices.map { content.chains[$0].name }.filter(\.isKubernetes)
        .sorted { $0.rank < $1.rank }
    }
    let places = contents.flatMap(\.entriesToKubernetes)
    let entries =
      places.isEmpty
      ? "no built-in chain leads to them"
      : "entered from " + places.map { "\($0.chain)" }.distinct.joined(separator: ", ")
    return Finding(
      .mixedBackends, snapshot.family, table, chains: Array(chains.prefix(longest)),
      rules: Array(places.prefix(longest)),
      "\(snapshot.backend.rawValue) is taken for kube-proxy's, and \(other.backend.rawValue) holds "
        + "\(holdings.description) too: \(entries)")
  }
}

extension TableContent {
  fileprivate var holdsKubernetes: Bool {
    chains.indices.contains { chains[$0].name.isKubernetes }
  }

  /// The rules of built-in chains that lead to Kubernetes' chains.
  fileprivate var entriesToKubernetes: [RulePlace] {
    (0..<builtInCount).flatMap { chain in
      places(chains[chain].rules.jumps.filter(\.target.isKubernetes).map(\.position), in: chain)
    }
  }
}

extension ChainName {
  /// Chains of service ports come last: there are many, and their names say little.
  fileprivate var rank: (Int, ChainName) {
    (ChainRole(self).isService ? 1 : 0, self)
  }
}

extension Array where Element: Equatable {
  /// Each element once, where it stands first.
  var distinct: [Element] {
    reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
