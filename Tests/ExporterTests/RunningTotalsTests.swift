import Churn
import Testing

@testable import Tracking

@Suite("Running totals")
struct RunningTotalsTests {
  @Test("have the label values of the metrics")
  func labels() {
    #expect(Change.allCases.map(\.rawValue) == ["added", "removed", "moved"])
  }

  @Test("count each kind of change for each key", arguments: Change.allCases)
  func counting(_ change: Change) {
    var totals = RunningTotals<String, ChangeCounts>(zero: .zero)
    totals.add(change, count: 3, for: "a")
    totals.add(change, for: "a")
    #expect(totals["a"][change] == 4)
    for other in Change.allCases where other != change { #expect(totals["a"][other] == 0) }
    #expect(totals["b"] == .zero)
    #expect(Array(totals.keys) == ["a"])
  }

  @Test("remember in a mark where they stood")
  func marks() {
    var totals = RunningTotals<String, ChangeCounts>(zero: .zero)
    totals.add(.moved, count: 2, for: "a")
    let earlier = totals.mark
    totals.add(.moved, count: 5, for: "a")
    totals.add(.added, count: 1, for: "b")
    #expect(totals.changes(since: earlier, for: "a") == ChangeCounts(moved: 5))
    #expect(totals.changes(since: earlier, for: "b") == ChangeCounts(added: 1))
    #expect(totals.changes(since: totals.mark, for: "a") == .zero)
  }

  @Test("forget keys, and with them what marks remember of all")
  func forgetting() {
    var totals = RunningTotals<String, ChangeCounts>(zero: .zero)
    for key in ["a", "b", "c"] { totals.add(.moved, count: 2, for: key) }
    let earlier = totals.mark
    totals.forget { $0 == "b" }
    totals.add(.moved, count: 3, for: "c")
    totals.add(.moved, count: 1, for: "b")
    #expect(["a", "b", "c"].map { totals[$0].moved } == [2, 1, 5])
    #expect(totals.changes(since: earlier, for: "c") == .zero)
    let later = totals.mark
    totals.add(.moved, count: 4, for: "a")
    #expect(totals.changes(since: later, for: "a") == ChangeCounts(moved: 4))
    #expect(totals.changes(since: later, for: "c") == .zero)
  }

  @Test("need 24 bytes for each key in a mark")
  func size() {
    var totals = RunningTotals<String, ChangeCounts>(zero: .zero)
    for number in 0..<100 { totals.add(.moved, for: "\(number)") }
    #expect(totals.mark.byteCount == 2400)
  }

  @Test("show a first scrape no changes")
  func firstScrape() {
    var totals = RunningTotals<String, ChangeCounts>(zero: .zero)
    totals.add(.removed, count: 2, for: "a")
    #expect(totals.changes(since: nil, for: "a") == .zero)
  }

  @Test("never show fewer than no changes, even since totals that stand higher")
  func foreignTotals() {
    var higher = RunningTotals<String, ChangeCounts>(zero: .zero)
    higher.add(.added, count: 9, for: "a")
    var totals = RunningTotals<String, ChangeCounts>(zero: .zero)
    totals.add(.added, count: 1, for: "a")
    totals.add(.moved, count: 1, for: "a")
    #expect(totals.changes(since: higher.mark, for: "a") == ChangeCounts(moved: 1))
  }
}

extension RunningTotals where Count == ChangeCounts {
  mutating func add(_ change: Change, count: UInt64 = 1, for key: Key) {
    update(key) { $0[change] += count }
  }
}
