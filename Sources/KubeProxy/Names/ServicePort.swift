internal import Netfilter

/// One port of a Service, as kube-proxy names it: `namespace/name:port`.
///
/// kube-proxy counterpart: `proxy.ServicePortName`.
public struct ServicePort: Sendable, Hashable, Comparable {
  public let namespace: String
  public let name: String
  /// The port's name; empty where it has none.
  public let port: String
  public let transport: TransportProtocol

  public init(namespace: String, name: String, port: String, transport: TransportProtocol) {
    self.namespace = namespace
    self.name = name
    self.port = port
    self.transport = transport
  }

  /// All that distinguishes it from others, by the names that the commands' JSON has for it.
  public var parts: KeyValuePairs<String, String> {
    ["namespace": namespace, "name": name, "port": port, "protocol": transport.rawValue]
  }

  /// Whether it is one of the API server's, which every cluster has.
  public var isAPIServer: Bool { namespace == "default" && name == "kubernetes" }

  /// Orders service ports by namespace, name, port and protocol.
  public static func < (left: ServicePort, right: ServicePort) -> Bool {
    if left.namespace != right.namespace { return left.namespace < right.namespace }
    if left.name != right.name { return left.name < right.name }
    if left.port != right.port { return left.port < right.port }
    return left.transport < right.transport
  }
}

extension ServicePort: CustomStringConvertible {
  /// `namespace/name:port`, or `namespace/name` for an unnamed port.
  public var description: String {
    port.isEmpty ? "\(namespace)/\(name)" : "\(namespace)/\(name):\(port)"
  }
}

/// A transport protocol as Kubernetes writes it.
public enum TransportProtocol: String, Sendable, Hashable, Comparable, CaseIterable {
  case tcp = "TCP"
  case udp = "UDP"
  case sctp = "SCTP"

  /// The protocol of that IP protocol number; nil for one that services don't have.
  public init?(_ ipProtocol: UInt8) {
    switch ipProtocol {
    case 6: self = .tcp
    case 17: self = .udp
    case 132: self = .sctp
    default: return nil
    }
  }

  /// As it goes into a chain's name: `tcp`, `udp`, `sctp`.
  var chainNameText: String {
    switch self {
    case .tcp: "tcp"
    case .udp: "udp"
    case .sctp: "sctp"
    }
  }

  public static func < (left: TransportProtocol, right: TransportProtocol) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// What the rules of one address family hold for one service port.
public struct Service: Sendable, Hashable {
  public let port: ServicePort
  /// Distinct KUBE-SEP chains that the service port's chains jump to.
  public internal(set) var sepChains = 0
  /// Distinct destinations of the DNAT rules in them.
  public internal(set) var dnatTargets = 0
  /// Rules of nat's KUBE-NODEPORTS.
  public internal(set) var nodePortRules = 0
  /// Rules in nat: those that dispatch to the service port, and all of its chains.
  public internal(set) var natRules = 0
  /// Rules in filter that name the service port.
  public internal(set) var filterRules = 0
  /// Why rules keep traffic from the service port.
  public internal(set) var blocked: Set<BlockReason> = []

  init(port: ServicePort) { self.port = port }

  /// Rules in nat and filter.
  public var rules: Int { natRules + filterRules }
}

/// What kube-proxy's comment on a rule says: the service port's name and, after a space, the purpose.
///
/// The name is a claim that whoever wrote the rule made; a chain's hash proves it or not.
struct ServicePortComment: Hashable {
  enum Purpose: Hashable {
    /// `cluster IP`, `external IP`, `loadbalancer IP`, an endpoint, or nothing.
    case dispatch
    /// `has no endpoints`.
    case noEndpoints
    /// `has no local endpoints`.
    case noLocalEndpoints
    /// `health check node port`.
    case healthCheck
    /// `traffic not accepted by KUBE-FW-…`.
    case notAccepted(by: ChainName)
    case other
  }

  /// The name as it stands, which is what went into the hash: up to version 1.19 an unnamed port's
  /// ends in a colon.
  let literal: [UInt8]
  let purpose: Purpose

  /// Why traffic is kept out, if the comment says so.
  var blockReason: BlockReason? {
    switch purpose {
    case .noEndpoints: .noEndpoints
    case .noLocalEndpoints: .noLocalEndpoints
    default: nil
    }
  }

  /// Takes a comment apart; nil where it doesn't begin with a service port's name.
  init?(_ comment: Span<UInt8>) {
    var slash: Int?
    var end = 0
    while end < comment.count, comment[end] != UInt8(ascii: " ") {
      guard Self.isNameByte(comment[end]) else { return nil }
      if comment[end] == UInt8(ascii: "/") {
        guard slash == nil else { return nil }
        slash = end
      }
      end += 1
    }
    guard let slash, slash > 0, slash < end - 1 else { return nil }
    literal = (0..<end).map { comment[$0] }
    purpose = Self.purpose(of: comment.extracting(min(end + 1, comment.count)...))
  }

  /// The service port of the name; nil where a part that must not be empty is.
  func servicePort(_ transport: TransportProtocol) -> ServicePort? {
    guard let slash = literal.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    let rest = literal[(slash + 1)...]
    let colon = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
    guard colon > rest.startIndex else { return nil }
    return ServicePort(
      namespace: String(decoding: literal[..<slash], as: UTF8.self),
      name: String(decoding: rest[..<colon], as: UTF8.self),
      port: String(decoding: rest[colon...].dropFirst(), as: UTF8.self), transport: transport)
  }

  /// Whether the name ends in the colon that an unnamed port's may end in.
  func endsInColon(_ port: ServicePort) -> Bool {
    port.port.isEmpty && literal.last == UInt8(ascii: ":")
  }

  /// The bytes of Kubernetes' names, and the two that separate them.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"): true
    default: false
    }
  }

  private static func purpose(of text: Span<UInt8>) -> Purpose {
    guard !text.isEmpty, text[text.count - 1] != UInt8(ascii: "P"), text[0] != UInt8(ascii: "-")
    else { return .dispatch }
    for (words, purpose) in purposes where text.count == words.utf8.count {
      if text.begins(with: words) { return purpose }
    }
    guard text.begins(with: notAcceptedBy) else { return .other }
    let name = ChainName((notAcceptedBy.utf8.count..<text.count).map { text[$0] })
    return name.map { .notAccepted(by: $0) } ?? .other
  }

  private static let purposes: [(words: String, Purpose)] = [
    ("has no endpoints", .noEndpoints), ("has no local endpoints", .noLocalEndpoints),
    ("health check node port", .healthCheck),
  ]
  private static let notAcceptedBy = "traffic not accepted by "
}

extension RuleList {
  /// What the first comment of the rule at `position` says of a service port; nil where it names none.
  func servicePortComment(at position: Int) -> ServicePortComment? {
    let line = line(at: position)
    let bytes = line.span
    return RuleOutline.comment(in: bytes).flatMap { ServicePortComment(bytes.extracting($0)) }
  }
}

extension Span<UInt8> {
  func begins(with text: String) -> Bool {
    let length = text.utf8.count
    return length <= count && isText(text, 0..<length)
  }
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
      Self.skip("/", of: comment, &end), Self.skip(name, of: comment, &end),
      !endsInColon && port.isEmpty || Self.skip(":", of: comment, &end),
      Self.skip(port, of: comment, &end)
    else { return false }
    return end == comment.count || comment[end] == UInt8(ascii: " ")
  }

  private static func skip(_ text: String, of comment: Span<UInt8>, _ position: inout Int) -> Bool {
    guard comment.extracting(position...).begins(with: text) else { return false }
    position += text.utf8.count
    return true
  }
}
