import Churn
import Testing

@Suite("Running totals")
struct ChangeTotalsTests {
  @Test("have the label values of the metrics")
  func labels() {
    #expect(Change.allCases.map(\.rawValue) == ["added", "removed", "moved"])
  }

  @Test("count each kind of change for each key", arguments: Change.allCases)
  func counting(_ change: Change) {
    var totals = ChangeTotals<String>()
    totals.add(change, count: 3, for: "a")
    totals.add(change, for: "a")
    totals.add(change, count: 0, for: "b")
    #expect(totals["a"][change] == 4)
    for other in Change.allCases where other != change { #expect(totals["a"][other] == 0) }
    #expect(totals["b"] == .zero)
    #expect(Array(totals.keys) == ["a"])
  }

  @Test("remember in a copy where they stood")
  func copies() {
    var totals = ChangeTotals<String>()
    totals.add(.moved, count: 2, for: "a")
    let earlier = totals
    totals.add(.moved, count: 5, for: "a")
    totals.add(.added, count: 1, for: "b")
    #expect(earlier["a"].moved == 2)
    #expect(totals.changes(since: earlier, for: "a") == ChangeCounts(moved: 5))
    #expect(totals.changes(since: earlier, for: "b") == ChangeCounts(added: 1))
    #expect(totals.changes(since: totals, for: "a") == .zero)
  }

  @Test("show a first scrape no changes")
  func firstScrape() {
    var totals = ChangeTotals<String>()
    totals.add(.removed, count: 2, for: "a")
    #expect(totals.changes(since: nil, for: "a") == .zero)
  }

  @Test("never show fewer than no changes, even since totals that stand higher")
  func foreignTotals() {
    var higher = ChangeTotals<String>()
    higher.add(.added, count: 9, for: "a")
    var totals = ChangeTotals<String>()
    totals.add(.added, count: 1, for: "a")
    totals.add(.moved, count: 1, for: "a")
    #expect(totals.changes(since: higher, for: "a") == ChangeCounts(moved: 1))
  }
}
