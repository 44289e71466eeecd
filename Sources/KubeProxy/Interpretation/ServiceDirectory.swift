internal import Netfilter

/// The service ports of a family, sorted: those that nat's dispatch rules prove, and those that filter
/// blocks.
struct ServiceDirectory: Sendable {
  let dispatch: DispatchFacts
  /// The index here of each service port of nat.
  private let ranks: [Int32]
  /// The index among nat's of each service port here.
  private let natIndices: [OptionalIndex]

  /// - Parameter ports: Set to the service ports.
  init(_ proven: ProvenServices, _ filter: FilterReading?, _ ports: inout [ServicePort]) {
    dispatch = proven.facts
    let added = (filter?.blockedPorts ?? []).filter { proven.ports.sortedIndex(of: $0) == nil }
    guard !added.isEmpty else {
      ports = proven.ports
      ranks = ports.indices.map(Int32.init)
      natIndices = ports.indices.map { OptionalIndex($0) }
      return
    }
    var ranks: [Int32] = []
    var natIndices: [OptionalIndex] = []
    var rest = added.sorted()[...]
    for (index, port) in proven.ports.enumerated() {
      while let next = rest.first, next < port {
        ports.append(rest.removeFirst())
        natIndices.append(.none)
      }
      ranks.append(Int32(ports.count))
      ports.append(port)
      natIndices.append(OptionalIndex(index))
    }
    ports += rest
    natIndices += rest.map { _ in .none }
    self.ranks = ranks
    self.natIndices = natIndices
  }

  /// The service ports that nat proves.
  ///
  /// - Parameter services: All that stand here.
  func proven(among services: [Service]) -> ProvenServices {
    ProvenServices(facts: dispatch, ports: ranks.map { services[Int($0)].port })
  }

  /// How many service ports nat proves.
  var provenCount: Int { ranks.count }

  /// The index here of one of nat's service ports.
  func reference(_ dispatched: OptionalIndex) -> OptionalIndex {
    OptionalIndex(dispatched.index.map { Int(ranks[$0]) })
  }

  /// The name with this hash, which ends the names of a service port's chains; nil where nothing proves one.
  func name(of hash: ChainHash) -> WrittenName? {
    dispatch.names[hash].map(name)
  }

  private func name(_ dispatched: WrittenName) -> WrittenName {
    WrittenName(
      service: ranks[Int(dispatched.service)], endsInColon: dispatched.endsInColon)
  }

  /// The name under which nat has a service port first; nil where only filter has it.
  func name(ofServiceAt index: Int) -> WrittenName? {
    natIndices[index].index.map {
      WrittenName(
        service: Int32(index), endsInColon: dispatch.writings[$0].contains(.colonIsFirst))
    }
  }

  /// Translates the codes of an earlier directory's names; none for a name that is gone.
  func codes(of former: ServiceDirectory) -> [OptionalIndex] {
    var codes = [OptionalIndex](repeating: .none, count: 2 * former.natIndices.count)
    for (hash, name) in former.dispatch.names {
      codes[Int(former.name(name).code)] = OptionalIndex(self.name(of: hash).map { Int($0.code) })
    }
    return codes
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
