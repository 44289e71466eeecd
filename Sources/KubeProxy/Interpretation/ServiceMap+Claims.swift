internal import Netfilter

/// What comments say of whose a chain is, held against the chain's name.
extension ServiceMap {
  /// Whether a comment names a service port, and none of those it names is the one whose name and
  /// protocol that hash is of.
  ///
  /// All of kube-proxy's comments are understood: `default/web cluster IP`, `default/web -> 10.0.0.1:80`,
  /// `masquerade traffic for default/web external destinations`.
  public func contradicts(_ comment: Span<UInt8>, _ hash: ChainHash) -> Bool {
    let name = dispatch.names[hash]
    var claims: [ServicePortComment] = []
    var isNamed = false
    Self.forEachWord(of: comment) { word in
      if isNamed { return }
      if let name, isName(name, word) {
        isNamed = true
      } else if let claim = ServicePortComment(word), claim.servicePort(.tcp) != nil {
        claims.append(claim)
      }
    }
    if isNamed || claims.isEmpty { return false }
    return !claims.contains { claim in
      TransportProtocol.allCases.contains { ChainHash(servicePort: claim.literal, $0) == hash }
    }
  }

  /// Whether a comment of an endpoint's chain names a service port, and the chain's name is not the hash
  /// of it and the chain's destination.
  public func contradictsEndpoint(_ comment: Span<UInt8>, chain: Int) -> Bool {
    // Nearly always, so that nothing needs to be taken apart.
    if let name = chains[chain].provenName, isName(name, comment) { return false }
    guard let claim = ServicePortComment(comment), claim.servicePort(.tcp) != nil else {
      return false
    }
    var text: [UInt8] = []
    return !EndpointProof(chain: chain, nat).holds(for: claim, using: &text)
  }

  /// The service port that the comments of a chain claim, where the chain's name proves it: for chains
  /// that nothing leads to.
  public func claimedServicePort(ofChainAt chain: Int) -> ServicePort? {
    guard case .service(let family, let hash) = ChainRole(nat.content.chains[chain].name) else {
      return nil
    }
    let rules = nat.content.chains[chain].rules
    for rule in 0..<rules.count {
      let line = rules.line(at: rule)
      let bytes = line.span
      guard let comment = RuleOutline.comment(in: bytes) else { continue }
      var port: ServicePort?
      Self.forEachWord(of: bytes.extracting(comment)) { word in
        guard port == nil, let claim = ServicePortComment(word) else { return }
        port = self.port(of: claim, family, hash, chain)
      }
      if let port { return port }
    }
    return nil
  }

  /// The service port of a claim, where the chain's name proves it.
  private func port(
    of claim: ServicePortComment, _ family: ServiceChainFamily, _ hash: ChainHash, _ chain: Int
  ) -> ServicePort? {
    let proof = EndpointProof(chain: chain, nat)
    let transport = TransportProtocol.allCases.first { transport in
      guard family == .endpoint else {
        return ChainHash(servicePort: claim.literal, transport) == hash
      }
      return claim.servicePort(transport).map { port in
        proof.holdsThroughout(port, endsInColon: claim.endsInColon(port))
      } ?? false
    }
    return transport.flatMap(claim.servicePort)
  }

  private func isName(_ name: WrittenName, _ text: Span<UInt8>) -> Bool {
    services[Int(name.service)].port.isNamed(by: text, endsInColon: name.endsInColon)
  }

  /// Calls `body` for each word that may be a service port's name.
  private static func forEachWord(of text: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
    var start = 0
    while start < text.count {
      var end = start
      var hasSlash = false
      while end < text.count, text[end] != UInt8(ascii: " ") {
        if text[end] == UInt8(ascii: "/") { hasSlash = true }
        end += 1
      }
      if hasSlash { body(text.extracting(start..<end)) }
      start = end + 1
    }
  }
}

/// How many service chains are dispatched to by no rule that proves whose they are, and why none does.
///
/// Their service ports can't be named: a chain's name is a hash, which only confirms a name that
/// somebody says.
public struct UnnamedChains: Sendable, Hashable {
  /// Chains that only rules lead to whose comments name no service port, or that have none.
  public private(set) var withoutName = 0
  /// Chains whose hash is that of no service port that the rules leading to them name.
  public private(set) var contradicted = 0

  public init() {}

  public var count: Int { withoutName + contradicted }

  /// The numbers, by the names that the commands' JSON has for them.
  public var parts: KeyValuePairs<String, Int> {
    ["without_name": withoutName, "contradicted": contradicted]
  }

  /// Adds a chain.
  mutating func add(isNamed: Bool) {
    if isNamed { contradicted += 1 } else { withoutName += 1 }
  }

  public static func + (left: UnnamedChains, right: UnnamedChains) -> UnnamedChains {
    var sum = left
    sum.withoutName += right.withoutName
    sum.contradicted += right.contradicted
    return sum
  }

  /// The notice for people; nil where every chain has a name.
  public var notice: String? {
    if count == 0 { return nil }
    let chains = count == 1 ? "1 service chain is" : "\(count) service chains are"
    let reasons = [
      (withoutName, "no comment says whose"),
      (contradicted, "the chain's hash contradicts the comment"),
    ].filter { $0.0 > 0 }
    let words = reasons.map { reasons.count == 1 ? $0.1 : "\($0.1) (\($0.0))" }
    return "\(chains) of no known service port: \(words.joined(separator: ", or "))"
  }
}
