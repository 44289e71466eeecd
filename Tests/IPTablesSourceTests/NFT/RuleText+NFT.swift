extension RuleText {
  /// Those that iptables-nft takes: a condition that nothing meets is not among them.
  static let knownToNFT = known.filter { $0.text != "! -s 0.0.0.0/0" }
}
