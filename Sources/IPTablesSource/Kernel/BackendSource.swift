/// A reader of one of the kernel's backends, and what it knows of who uses that.
protocol BackendSource: RulesetSource {
  /// Whether the kubelet left its hint in the mangle table of either family, at the last reading.
  var hasHint: Bool { get }
  /// Whether the last reading failed because the kernel doesn't have the backend, and so no rules in it.
  var isAbsent: Bool { get }
  /// Whether kube-proxy's nftables mode has its table here, asked for without reading any rules.
  func hasKubeProxyTable() -> Bool
}

extension BackendSource {
  func hasKubeProxyTable() -> Bool { false }
}

extension LegacySource: BackendSource {
  /// Tables that don't exist are no failure.
  var isAbsent: Bool { false }
}

extension NFTSource: BackendSource {
  var hasHint: Bool { evidence.hasHint }
}
