internal import Netfilter

/// The rules of a chain that the last reading wrote.
struct KnownRules {
  let rules: RuleList
  private let digests: ArraySlice<ContentDigest>
  /// Where each digest stands; made when a rule is not where it was.
  private var positions: [ContentDigest: Int]?

  init(rules: RuleList, digests: ArraySlice<ContentDigest>) {
    self.rules = rules
    self.digests = digests
  }

  /// Where a rule of that digest stands; looked for at its own place first.
  mutating func position(of digest: ContentDigest, near position: Int) -> Int? {
    if position < rules.count, digests[digests.startIndex + position] == digest {
      return position
    }
    if let positions { return positions[digest] }
    let positions = Dictionary(zip(digests, 0...), uniquingKeysWith: { first, _ in first })
    self.positions = positions
    return positions[digest]
  }
}
