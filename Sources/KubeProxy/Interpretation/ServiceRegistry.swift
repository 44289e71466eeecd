internal import Netfilter

/// The service ports that a family's rules name, collected while the rules are read.
///
/// Those of the map before come first and keep their indices, so that nothing needs to be sorted,
/// hashed or made text again that was known; new ones follow as they are found. Of both, only those
/// count that this reading's rules prove.
struct ServiceRegistry {
  /// The service ports of the map before, sorted.
  let former: [Service]
  /// The new ones, in the order in which they were found.
  private(set) var added: [ServicePort] = []
  private var addedIndices: [ServicePort: Int32] = [:]
  /// Whose name the hash of a service port's chains is of: what was proven before or is now.
  private(set) var identities: [ChainHash: WrittenName]
  /// By the code of a name, whether a rule of this reading proves a chain to be of it.
  private(set) var isProven: [Bool]
  /// By the code of a name, whether rules of this reading prove it, or block traffic in that name.
  private var isGiven: [Bool]
  /// For each service port, where it was found, and where in nat, under which name first.
  private(set) var standings: [ServiceStanding]

  init(_ previous: ServiceMap?) {
    former = previous?.services ?? []
    identities = previous?.identities ?? [:]
    isProven = Array(repeating: false, count: 2 * former.count)
    isGiven = isProven
    standings = Array(repeating: .absent, count: former.count)
  }

  /// Enters all that the map before found in nat, where nat's dispatch rules are the same.
  mutating func takeOverNat(_ previous: ServiceMap) {
    for name in previous.identities.values {
      isProven[Int(name.code)] = true
      isGiven[Int(name.code)] = true
    }
    standings = previous.standings.map { $0.isInNat ? $0 : .absent }
  }

  /// Whose chain a rule leads to.
  struct Finding {
    /// What the chain's hash is of; it counts once ``isProven(_:)``.
    let name: WrittenName
    /// Whether the rule's comment says so.
    let isNamed: Bool
  }

  /// Learns from a rule that leads to a chain with this hash, and tells whose the chain is as far as
  /// it is known.
  mutating func identify(
    _ hash: ChainHash, _ comment: Span<UInt8>, _ transport: TransportProtocol?
  ) -> Finding? {
    if let name = identities[hash] {
      let isNamed = isNamed(name, by: comment)
      if isNamed, !isProven(name), self.transport(name.service) == transport { prove(name) }
      return Finding(name: name, isNamed: isNamed)
    }
    guard let transport, let claim = ServicePortComment(comment),
      ChainHash(servicePort: claim.literal, transport) == hash,
      let port = claim.servicePort(transport)
    else { return nil }
    let name = WrittenName(
      service: index(of: port) ?? add(port), endsInColon: claim.endsInColon(port))
    identities[hash] = name
    prove(name)
    return Finding(name: name, isNamed: true)
  }

  /// Whose the chains with this hash are; nil where no rule proves it.
  func provenName(_ hash: ChainHash) -> WrittenName? {
    identities[hash].flatMap { isProven($0) ? $0 : nil }
  }

  func isProven(_ name: WrittenName) -> Bool { isProven[Int(name.code)] }

  /// Whether the comment begins with that name.
  func isNamed(_ name: WrittenName, by comment: Span<UInt8>) -> Bool {
    let index = Int(name.service)
    return index < former.count
      ? former[index].port.isNamed(by: comment, endsInColon: name.endsInColon)
      : added[index - former.count].isNamed(by: comment, endsInColon: name.endsInColon)
  }

  /// The service port that a blocking rule of the filter table names; nil where it names none.
  mutating func noteBlocked(
    _ claim: ServicePortComment, _ transport: TransportProtocol
  ) -> Int32? {
    guard let port = claim.servicePort(transport) else { return nil }
    let service = index(of: port) ?? add(port)
    if standings[Int(service)] == .absent { standings[Int(service)] = .filter }
    let name = WrittenName(service: service, endsInColon: claim.endsInColon(port))
    isGiven[Int(name.code)] = true
    return service
  }

  /// The service port that a comment names; nil where no rule that counts gives one that name.
  func named(_ claim: ServicePortComment, _ transport: TransportProtocol) -> Int32? {
    guard let port = claim.servicePort(transport), let service = index(of: port) else { return nil }
    let name = WrittenName(service: service, endsInColon: claim.endsInColon(port))
    return isGiven[Int(name.code)] ? service : nil
  }

  func port(_ service: Int32) -> ServicePort {
    let index = Int(service)
    return index < former.count ? former[index].port : added[index - former.count]
  }

  func transport(_ service: Int32) -> TransportProtocol {
    let index = Int(service)
    return index < former.count
      ? former[index].port.transport : added[index - former.count].transport
  }

  private mutating func prove(_ name: WrittenName) {
    isProven[Int(name.code)] = true
    isGiven[Int(name.code)] = true
    if !standings[Int(name.service)].isInNat {
      standings[Int(name.service)] = ServiceStanding(name)
    }
  }

  private mutating func add(_ port: ServicePort) -> Int32 {
    let service = Int32(former.count + added.count)
    added.append(port)
    addedIndices[port] = service
    standings.append(.absent)
    isProven += [false, false]
    isGiven += [false, false]
    return service
  }

  private func index(of port: ServicePort) -> Int32? {
    var range = former.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if former[middle].port == port { return Int32(middle) }
      if former[middle].port < port {
        range = (middle + 1)..<range.upperBound
      } else {
        range = range.lowerBound..<middle
      }
    }
    return addedIndices[port]
  }
}

/// A service port's name in the way that kube-proxy wrote it: as `namespace/name:port`, or where the
/// port has no name, as `namespace/name` or `namespace/name:`.
struct WrittenName: Sendable, Hashable {
  /// Twice the index of the service port, and 1 where a colon is at the end.
  let code: Int32

  init(code: Int32) { self.code = code }

  init(service: Int32, endsInColon: Bool) { code = service << 1 | (endsInColon ? 1 : 0) }

  var service: Int32 { code >> 1 }
  /// Whether it ends in a colon: up to version 1.19, an unnamed port's does.
  var endsInColon: Bool { code & 1 != 0 }
}

extension ServicePort {
  /// Appends the name as kube-proxy wrote it.
  func appendName(endsInColon: Bool, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: namespace.utf8)
    bytes.append(UInt8(ascii: "/"))
    bytes.append(contentsOf: name.utf8)
    if endsInColon || !port.isEmpty { bytes.append(UInt8(ascii: ":")) }
    bytes.append(contentsOf: port.utf8)
  }

  /// Whether the comment begins with the name, written that way.
  func isNamed(by comment: Span<UInt8>, endsInColon: Bool) -> Bool {
    var end = 0
    guard Self.skip(namespace, of: comment, &end),
      Self.skip(UInt8(ascii: "/"), of: comment, &end), Self.skip(name, of: comment, &end),
      !endsInColon && port.isEmpty || Self.skip(UInt8(ascii: ":"), of: comment, &end),
      Self.skip(port, of: comment, &end)
    else { return false }
    return end == comment.count || comment[end] == UInt8(ascii: " ")
  }

  private static func skip(_ text: String, of comment: Span<UInt8>, _ position: inout Int) -> Bool {
    guard comment.extracting(position...).begins(with: text) else { return false }
    position += text.utf8.count
    return true
  }

  private static func skip(_ byte: UInt8, of comment: Span<UInt8>, _ position: inout Int) -> Bool {
    guard position < comment.count, comment[position] == byte else { return false }
    position += 1
    return true
  }
}

/// Where a service port was found.
enum ServiceStanding: UInt8, Sendable {
  case absent
  /// In the filter table only.
  case filter
  /// In nat, under its name.
  case nat
  /// In nat, under a name that ends in a colon.
  case natWithColon

  init(_ name: WrittenName) { self = name.endsInColon ? .natWithColon : .nat }

  var isInNat: Bool { self == .nat || self == .natWithColon }
}
