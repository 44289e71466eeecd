internal import KubeProxy
internal import Netfilter

/// One service port on both sides: what differs, in sentences.
struct ServiceChange {
  let port: ServicePort
  let family: IPFamily
  /// Nil where it did not exist.
  let old: ServiceFacts?
  /// Nil where it doesn't exist any more.
  let new: ServiceFacts?
  let changes: ChangeTally.ServiceTally

  /// Whether its rules differ in nothing but comments.
  var isCommentsOnly: Bool {
    old != nil && new != nil && changes.chains.keys.allSatisfy(changes.commentsOnly.contains)
  }

  var findings: [Finding] {
    switch (old, new) {
    case (nil, nil): []
    case (nil, let new?): [created(new)]
    case (let old?, nil): [removed(old)]
    case (let old?, let new?): differences(old, new)
    }
  }

  var name: String { "\(port)\(Wording.suffix(family))" }

  func finding(_ kind: Finding.Kind, _ text: String) -> Finding {
    Finding(kind, .traffic, text, family: family, servicePort: port)
  }

  private func created(_ new: ServiceFacts) -> Finding {
    let details = new.details.isEmpty ? "" : ": \(new.details)"
    return finding(
      .serviceCreated, "\(name) was created (\(Wording.count(new.service.rules, "rule")))\(details)"
    )
  }

  private func removed(_ old: ServiceFacts) -> Finding {
    finding(.serviceRemoved, "\(name) was removed (\(Wording.count(old.service.rules, "rule")))")
  }

  private func differences(_ old: ServiceFacts, _ new: ServiceFacts) -> [Finding] {
    let blocking = blockings(old, new)
    let endpoints = ServiceEndpointsChange(self, old, new)
    let addresses = [addresses(old, new), nodePorts(old, new)].compactMap(\.self)
    let affinity = affinity(old, new)
    var explained = Explained()
    explained.dispatch = !addresses.isEmpty || !blocking.isEmpty
    explained.endpoints = !endpoints.findings.isEmpty || affinity != nil
    return blocking + endpoints.findings + addresses + [affinity].compactMap(\.self)
      + orders(endpoints) + [rest(explained)].compactMap(\.self)
  }

  private func blockings(_ old: ServiceFacts, _ new: ServiceFacts) -> [Finding] {
    var findings: [Finding] = []
    for reason in BlockReason.allCases {
      // Without endpoints, what is new is an address or a NodePort.
      let isOld = reason == .noEndpoints && old.service.blocked.contains(reason)
      if isOld, new.service.blocked.contains(reason) { continue }
      let came = new.blocked.subtracting(old.blocked)
      if !came.origins(reason).isEmpty {
        findings.append(
          finding(
            .serviceBlocked, "\(name) is blocked now\(came.words(reason)): \(reason.words)"))
      }
      let gone = old.blocked.subtracting(new.blocked)
      if !gone.origins(reason).isEmpty {
        findings.append(
          finding(
            .serviceUnblocked,
            "\(name) is no longer blocked\(gone.words(reason)) for \(reason.lack)"))
      }
    }
    return findings
  }

  private func addresses(_ old: ServiceFacts, _ new: ServiceFacts) -> Finding? {
    let (before, after) = (
      Set(old.addresses.map(\.description)), Set(new.addresses.map(\.description))
    )
    if before == after { return nil }
    let gone = before.subtracting(after).sorted().map { "\($0) gone" }
    let came = after.subtracting(before).sorted().map { "\($0) new" }
    return finding(
      .addressesChanged, "the addresses of \(name) changed: \(Wording.list(gone + came, atMost: 6))"
    )
  }

  private func nodePorts(_ old: ServiceFacts, _ new: ServiceFacts) -> Finding? {
    let (before, after) = (Set(old.nodePorts), Set(new.nodePorts))
    if before == after { return nil }
    let gone = before.subtracting(after).sorted().map(String.init).joined(separator: ", ")
    let came = after.subtracting(before).sorted().map(String.init).joined(separator: ", ")
    let text =
      if gone.isEmpty {
        "\(name) has a new NodePort: \(came)"
      } else if came.isEmpty {
        "\(name) lost its NodePort \(gone)"
      } else {
        "the NodePort of \(name) changed from \(gone) to \(came)"
      }
    return finding(.nodePortsChanged, text)
  }

  private func affinity(_ old: ServiceFacts, _ new: ServiceFacts) -> Finding? {
    let (before, after) = (
      Set(old.affinity.values.joined()), Set(new.affinity.values.joined())
    )
    if before == after { return nil }
    let text =
      if after.isEmpty {
        "clients of \(name) no longer stay with an endpoint (session affinity)"
      } else {
        "clients of \(name) stay with an endpoint for "
          + "\(after.sorted().map(String.init).joined(separator: ", ")) seconds now (session affinity)"
      }
    return finding(.sessionAffinityChanged, text)
  }
}

extension ServiceFacts {
  /// What there is to say of a service port that is new.
  fileprivate var details: String {
    var parts = addresses.map { "\($0.kind.words) \($0)" }
    parts += nodePorts.map { "NodePort \($0)" }
    let endpoints = endpoints
    switch endpoints.count {
    case 0: break
    case 1: parts.append("endpoint \(endpoints[0])")
    case 2...3: parts.append("endpoints \(endpoints.joined(separator: ", "))")
    default: parts.append("\(endpoints.count) endpoints")
    }
    parts += service.blocked.sorted { $0.rawValue < $1.rawValue }.map { reason in
      "blocked\(blocked.words(reason)), \(reason.words)"
    }
    return parts.joined(separator: ", ")
  }
}

extension BlockReason {
  /// Why, in words.
  var words: String {
    switch self {
    case .noEndpoints: "it has no endpoints"
    case .noLocalEndpoints: "it has no endpoints on this node"
    }
  }

  fileprivate var lack: String {
    switch self {
    case .noEndpoints: "lack of endpoints"
    case .noLocalEndpoints: "lack of endpoints on this node"
    }
  }
}
