internal import Netfilter

/// What the rules of KUBE-SERVICES and KUBE-NODEPORTS say: which service ports there are, and which of them
/// owns each rule.
///
/// A rule proves a service port if its comment names the service port, and the name's hash ends the name of
/// the chain that the rule leads to. A service port owns the rules that lead to its chains. A rule whose
/// comment names another service port belongs to nobody.
///
/// Service ports stand here by their indices only. ``ServiceMap`` holds their names.
struct DispatchFacts: Sendable {
  /// The chains that the facts are about, in nat's order.
  fileprivate let chains: [Chain]
  /// For each service port, how the rules write its name; empty where only filter has it.
  let writings: [NameWriting]
  /// The proven names, each by its hash, which ends the names of the service port's chains.
  let names: [ChainHash: WrittenName]
  /// For each chain and rule, the index of the service port that owns the rule.
  let owners: [[OptionalIndex]]
  /// For each chain, the rules that lead to a service port's chain and name no single port.
  let withoutPort: [[Int]]
  /// The service ports that no rule leads to for a cluster IP.
  let withoutClusterIP: [Int32]
  let unnamed: UnnamedChains
  /// Numbers that stand for where service ports are reached, each once; sorted.
  let places: [UInt64]
}

extension DispatchFacts {
  /// The name that stands first for a service port; nil where only filter has it.
  func name(ofServiceAt index: Int) -> WrittenName? {
    if writings[index].isEmpty { return nil }
    return WrittenName(
      service: Int32(index), endsInColon: writings[index].contains(.colonIsFirst))
  }

  /// Translates the codes of an earlier reading's names; none for a name that is gone.
  func codes(of former: DispatchFacts) -> [OptionalIndex] {
    var codes = [OptionalIndex](repeating: .none, count: 2 * former.writings.count)
    for (hash, name) in former.names {
      codes[Int(name.code)] = OptionalIndex(names[hash].map { Int($0.code) })
    }
    return codes
  }
}

/// The service ports, sorted: those that dispatch rules prove, and those that filter blocks.
struct KnownServices: Sendable {
  let facts: DispatchFacts
  let ports: [ServicePort]
}

extension KnownServices {
  /// - Parameters:
  ///   - blocked: The service ports that filter blocks.
  ///   - former: Those of an earlier reading. If the chains are the same, so are the facts. If not, the
  ///     names that it proves need not be hashed again.
  init(_ nat: TableContent, blocked: Set<ServicePort>, _ former: KnownServices?) {
    // By index: a copy of each chain would touch its rules' storage.
    let chains = nat.chains.indices.filter {
      ChainStage.dispatchChains.contains(nat.chains[$0].name)
    }.map { nat.chains[$0] }
    if let former, former.facts.chains == chains, former.hasSame(blocked) {
      self = former
      return
    }
    var reader = DispatchReader(chains, former)
    reader.read()
    let ranks = reader.rank(with: blocked)
    ports = ranks.ports
    let numbers = ranks.ports.map { Mixer($0).value }
    // A rule may stand beside another for the same packets.
    let places = reader.places.map { $0.mixed(numbers[Int(ranks.ranks[$1])]) }.sorted()
    facts = DispatchFacts(
      chains: chains, writings: ranks.writings,
      names: reader.names.mapValues { found in
        WrittenName(
          service: ranks.ranks[Int(found)], endsInColon: reader.found[Int(found)].endsInColon)
      },
      owners: reader.owners.map { rules in
        rules.map { OptionalIndex($0.index.map { Int(ranks.ranks[$0]) }) }
      },
      withoutPort: reader.withoutPort,
      withoutClusterIP: Set(0..<Int32(ranks.ports.count))
        .subtracting(reader.withClusterIP.map { ranks.ranks[$0] }).sorted(),
      unnamed: reader.unnamed,
      places: places.indices.filter { $0 == 0 || places[$0] != places[$0 - 1] }.map { places[$0] })
  }

  /// Whether a rule of nat proves that name.
  func isProven(_ port: ServicePort, endsInColon: Bool) -> Bool {
    guard let index = ports.sortedIndex(of: port) else { return false }
    return facts.writings[index].contains(endsInColon ? .withColon : .plain)
  }

  /// Whether there would be the same service ports if filter blocked these.
  private func hasSame(_ blocked: Set<ServicePort>) -> Bool {
    let unproven = ports.indices.filter { facts.writings[$0].isEmpty }.map { ports[$0] }
    return blocked.isSuperset(of: unproven)
      && blocked.allSatisfy { ports.sortedIndex(of: $0) != nil }
  }
}

/// How a service port's name is written in dispatch rules. Up to version 1.19, an unnamed port's ends in
/// a colon.
struct NameWriting: OptionSet, Sendable {
  let rawValue: UInt8

  static let plain = NameWriting(rawValue: 1)
  static let withColon = NameWriting(rawValue: 2)
  /// The first rule that names the service port writes a colon.
  static let colonIsFirst = NameWriting(rawValue: 4)
}

/// A service port's name in the way that kube-proxy wrote it: as `namespace/name:port`, or where the
/// port has no name, as `namespace/name` or `namespace/name:`.
struct WrittenName: Sendable, Hashable {
  /// Twice the index of the service port, and 1 where a colon is at the end.
  let code: Int32

  init(code: Int32) { self.code = code }

  init(service: Int32, endsInColon: Bool) { code = service << 1 | (endsInColon ? 1 : 0) }

  var service: Int32 { code >> 1 }
  var endsInColon: Bool { code & 1 != 0 }
}
