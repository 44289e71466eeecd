import Answers
import Netfilter
import TestSupport
import Testing

/// Two dumps of one kube-proxy, one after the other.
struct FixturePair: Sendable, CustomTestStringConvertible {
  let old: Fixture
  let new: Fixture

  var testDescription: String { "\(old) to \(new)" }

  func difference() throws -> RulesetDifference {
    RulesetDifference(from: try Ruleset(old), to: try Ruleset(new))
  }

  /// Consecutive dumps of each folder and family, but for the large ones.
  static let consecutive: [FixturePair] = {
    let fixtures = Fixture.all.filter { !$0.name.contains("/f-") }
    let groups = Dictionary(grouping: fixtures) { fixture in
      "\(fixture.name.split(separator: "/").first ?? "") \(fixture.family.rawValue)"
    }
    return groups.sorted { $0.key < $1.key }.flatMap { _, fixtures in
      zip(fixtures, fixtures.dropFirst()).map { FixturePair(old: $0, new: $1) }
    }
  }()

  /// The same backwards.
  var reversed: FixturePair { FixturePair(old: new, new: old) }
}
