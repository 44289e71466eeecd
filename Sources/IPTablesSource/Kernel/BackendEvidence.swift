internal import Netfilter

/// What one backend holds that tells whether kube-proxy uses it.
struct BackendEvidence: Hashable {
  /// Whether nat or filter has a chain KUBE-SERVICES.
  var hasServices = false
  /// Whether the kubelet left its hint in the mangle table.
  var hasHint = false
  /// The number of rules in the tables that are read.
  var rules = 0
}

extension BackendEvidence {
  /// The chains that the kubelet leaves in mangle: a hint for others which backend it uses.
  static let hints: [ChainName] = ["KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY"]

  /// - Parameter readings: those of the backend's families that succeeded.
  init(_ readings: [FamilySnapshot], hasHint: Bool) {
    self.hasHint = hasHint
    for table in readings.flatMap(\.tables) {
      rules += table.content.ruleCount
      hasServices =
        hasServices
        || (table.name == .nat || table.name == .filter)
          && table.content.chains.contains { $0.name == "KUBE-SERVICES" }
    }
  }
}

extension BackendChoice {
  /// Chooses as kube-proxy's own image does: by the kubelet's hint, nf_tables first, and without one by
  /// the number of rules. But where kube-proxy's rules already stand in one backend only, that is it.
  ///
  /// - Parameters: what each backend holds; nil where that was never learnt.
  /// Source: `iptables-wrappers`, which kubernetes/release builds into the image.
  init(legacy: BackendEvidence?, nft: BackendEvidence?) {
    guard let legacy, let nft else {
      self.init(backend: nft == nil ? .legacy : .nft, reason: .rules)
      return
    }
    if legacy.hasServices != nft.hasServices {
      self.init(backend: nft.hasServices ? .nft : .legacy, reason: .services)
    } else if nft.hasHint || legacy.hasHint {
      self.init(backend: nft.hasHint ? .nft : .legacy, reason: .hint)
    } else {
      self.init(backend: legacy.rules > nft.rules ? .legacy : .nft, reason: .rules)
    }
  }
}
