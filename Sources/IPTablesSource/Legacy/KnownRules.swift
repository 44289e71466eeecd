internal import Netfilter

/// The rules of a chain that the last reading decoded.
struct KnownRules {
  let rules: RuleList
  private let digests: ArraySlice<ContentDigest>
  private let positions: [ContentDigest: Int]

  init(rules: RuleList, digests: ArraySlice<ContentDigest>) {
    self.rules = rules
    self.digests = digests
    positions = Dictionary(
      zip(digests, 0...), uniquingKeysWith: { first, _ in first })
  }

  /// Where a rule of that digest stands; looked for at its own place first.
  func position(of digest: ContentDigest, near position: Int) -> Int? {
    if position < rules.count, digests[digests.startIndex + position] == digest {
      return position
    }
    return positions[digest]
  }
}
