internal import Netfilter
internal import Platform

/// Finds the service port that owns an endpoint's chain (KUBE-SEP).
///
/// Several service ports may lead to the chain. The owner is the one whose name, hashed together with the
/// chain's destination, gives the chain's name. Where that is none of them, somebody has changed the
/// destination by hand. Then the only service port that leads to the chain owns it, unless the chain's
/// name proves another owner.
struct EndpointSearch {
  private let known: KnownServices
  private let users: EndpointUsers
  private let nat: NatFacts
  private let proofs: KnownProofs
  /// How many more hashes may be spent on finding out whose chains are that aren't their user's.
  private var searchesLeft = 50_000
  /// What is hashed.
  private var text: [UInt8] = []
  /// For each chain, the name of the first service port that leads to it, if the chain's name proves it.
  private var firstNames: [WrittenName?] = []

  init(
    _ known: KnownServices, _ users: EndpointUsers, _ nat: NatFacts, _ proofs: KnownProofs
  ) {
    self.known = known
    self.users = users
    self.nat = nat
    self.proofs = proofs
    firstNames = proveFirstUsers()
  }

  /// Checks the first service port that leads to each chain. It owns nearly all chains.
  private func proveFirstUsers() -> [WrittenName?] {
    Parallel.mapPieces(of: nat.stages.count, isLarge: proofs.pairing.changesMuch) {
      [UInt8]()
    } _: { chains, text in
      chains.map { chain in users.first(of: chain).flatMap { provenName($0, chain, &text) } }
    }.flatMap(\.self)
  }

  /// Returns who owns a chain that a service port leads to.
  mutating func attribution(of chain: Int) -> ChainAttribution {
    if let name = firstNames[chain] { return .proven(name) }
    for user in users.others(of: chain) {
      if let name = provenName(user, chain, &text) { return .proven(name) }
    }
    let proof = EndpointProof(chain: chain, nat)
    guard let only = users.only(of: chain), !proof.holdsForClaim(using: &text) else {
      return .nobodys
    }
    let names = known.facts.names.count
    guard searchesLeft >= names else { return .unproven(service: only) }
    searchesLeft -= names
    for service in known.ports.indices {
      if let name = provenName(Int32(service), chain, &text) { return .another(name) }
    }
    return .unproven(service: only)
  }

  /// The name under which nat has a service port, if the chain's name is its hash together with the chain's
  /// destination.
  private func provenName(
    _ service: Int32, _ chain: Int, _ text: inout [UInt8]
  ) -> WrittenName? {
    guard let name = known.facts.name(ofServiceAt: Int(service)) else { return nil }
    let isProven =
      proofs.name(ofEndpointAt: chain).map { $0 == name }
      ?? EndpointProof(chain: chain, nat).holds(
        known.ports[Int(service)], endsInColon: name.endsInColon, using: &text)
    return isProven ? name : nil
  }
}

/// The names that an earlier reading proved for endpoints' chains. A proof holds as long as the chain's rules
/// are the same.
struct KnownProofs {
  let pairing: ChainPairing
  private let attributions: [ChainAttribution]
  /// Translates the codes of that reading's names; none for a name that is gone.
  private let codes: [OptionalIndex]

  init(_ previous: ServiceMap?, _ pairing: ChainPairing, _ dispatch: DispatchFacts) {
    self.pairing = pairing
    attributions = previous?.chains ?? []
    codes = previous.map { dispatch.codes(of: $0.dispatch) } ?? []
  }

  /// The name, where nat still proves it; nil where it has to be found.
  func name(ofEndpointAt chain: Int) -> WrittenName? {
    guard !attributions.isEmpty, let position = pairing.unchanged(chain),
      let name = attributions[position].provenName
    else { return nil }
    return codes[Int(name.code)].index.map { WrittenName(code: Int32($0)) }
  }
}

/// Proves whose an endpoint's chain is: its name is the hash of a service port and a destination, and its
/// rules hold the destination.
struct EndpointProof {
  private let nat: NatFacts
  private let chain: Int
  private let hash: ChainHash?

  init(chain: Int, _ nat: NatFacts) {
    self.nat = nat
    self.chain = chain
    let role = ChainRole(nat.content.chains[chain].name)
    hash = if case .service(_, let hash) = role { hash } else { nil }
  }

  /// Whether the chain's name is the hash of that service port and the chain's own destination.
  ///
  /// - Parameter text: where to put what is to be hashed, so that not each one takes its own memory.
  func holds(_ port: ServicePort, endsInColon: Bool, using text: inout [UInt8]) -> Bool {
    text.removeAll(keepingCapacity: true)
    port.appendName(endsInColon: endsInColon, to: &text)
    return count(port.transport, using: &text).proven > 0
  }

  /// Whether it is the hash of that service port and of each of the chain's destinations, of which there
  /// is one at least.
  func holdsThroughout(_ port: ServicePort, endsInColon: Bool) -> Bool {
    var text: [UInt8] = []
    port.appendName(endsInColon: endsInColon, to: &text)
    let (proven, all) = count(port.transport, using: &text)
    return proven > 0 && proven == all
  }

  /// Whether it is the hash of the service port that the chain's comments claim.
  func holdsForClaim(using text: inout [UInt8]) -> Bool {
    let rules = nat.content.chains[chain].rules
    for rule in rules.indices {
      guard let claim = rules.servicePortComment(at: rule) else { continue }
      return holds(for: claim, using: &text)
    }
    return false
  }

  /// Whether it is the hash of the service port that a comment claims.
  func holds(for claim: ServicePortComment, using text: inout [UInt8]) -> Bool {
    TransportProtocol.allCases.contains { transport in
      text = claim.literal
      return count(transport, using: &text).proven > 0
    }
  }

  /// The number of the chain's destinations, and of those with which the service port whose name `text` holds
  /// gives the chain's name.
  private func count(
    _ transport: TransportProtocol, using text: inout [UInt8]
  ) -> (proven: Int, all: Int) {
    text.append(contentsOf: transport.chainNameText.utf8)
    let end = text.count
    var (proven, all) = (0, 0)
    for translation in nat.translations[chain] {
      text.removeSubrange(end...)
      append(translation, to: &text)
      all += 1
      if ChainHash(hashing: text) == hash { proven += 1 }
    }
    return (proven, all)
  }

  private func append(
    _ translation: EndpointTranslation, to text: inout [UInt8]
  ) {
    if translation.destination.append(to: &text) { return }
    let rules = nat.content.chains[chain].rules
    if let destination = rules.translation(at: Int(translation.rule)) {
      text.append(contentsOf: destination.description.utf8)
    }
  }
}

/// Which service ports lead to each endpoint's chain: nearly always one.
struct EndpointUsers {
  /// For each chain, the last service port that was found to lead to it.
  private var last: [OptionalIndex]
  /// The ones before, where there are several.
  private var before: [Int: [Int32]] = [:]

  init(chainCount: Int) { last = Array(repeating: .none, count: chainCount) }

  /// Notes that a service port leads to a chain; false where that is known.
  ///
  /// Each service port's are noted in one go.
  mutating func insert(_ service: Int32, of chain: Int) -> Bool {
    let known = last[chain].index
    guard known != Int(service) else { return false }
    if let known { before[chain, default: []].append(Int32(known)) }
    last[chain] = OptionalIndex(Int(service))
    return true
  }

  func first(of chain: Int) -> Int32? { last[chain].index.map(Int32.init) }

  /// All but the first.
  func others(of chain: Int) -> [Int32] { before[chain] ?? [] }

  /// The service port that leads to the chain, where it is only one.
  func only(of chain: Int) -> Int32? { before[chain] == nil ? first(of: chain) : nil }
}

/// A rule of an endpoint's chain that translates the destination.
struct EndpointTranslation: Sendable {
  /// The rule's position in its chain.
  let rule: Int32
  let destination: TranslatedDestination
}

/// The destination that a DNAT rule translates to, in 64 bits: one IPv4 address and port as they
/// are, all else as a hash, which is seeded in each process and so as good as what it stands for.
struct TranslatedDestination: Sendable, Hashable {
  let bits: UInt64

  /// Set in hashes.
  private static let isHash: UInt64 = 1 << 63

  init(_ translation: AddressTranslation) {
    let address = translation.first
    let port = UInt64(translation.firstPort)
    let usual = AddressTranslation(
      flags: 3, first: address, last: address, firstPort: translation.firstPort,
      lastPort: translation.firstPort)
    if address.family == .ipv4, translation == usual {
      bits = address.high >> 16 | port
    } else {
      bits = UInt64(bitPattern: Int64(translation.hashValue)) | Self.isHash
    }
  }

  /// Appends `10.0.0.1:8080`; false where only a hash is known.
  func append(to text: inout [UInt8]) -> Bool {
    guard bits & Self.isHash == 0 else { return false }
    for shift in stride(from: UInt64(40), through: 16, by: -8) {
      Self.append(Int(bits >> shift & 0xff), to: &text)
      text.append(shift == 16 ? UInt8(ascii: ":") : UInt8(ascii: "."))
    }
    Self.append(Int(bits & 0xffff), to: &text)
    return true
  }

  private static func append(_ number: Int, to text: inout [UInt8]) {
    if number >= 10 { append(number / 10, to: &text) }
    text.append(UInt8(ascii: "0") + UInt8(number % 10))
  }
}

/// Counts distinct destinations: a handful, nearly always.
struct DestinationCount {
  private var seen: [TranslatedDestination] = []

  mutating func insert(_ destination: TranslatedDestination) { seen.append(destination) }

  /// The number of distinct destinations; counting starts again.
  mutating func take() -> Int {
    defer { seen.removeAll(keepingCapacity: true) }
    guard seen.count > 1 else { return seen.count }
    seen.sort { $0.bits < $1.bits }
    return 1 + zip(seen, seen.dropFirst()).count { $0 != $1 }
  }
}
