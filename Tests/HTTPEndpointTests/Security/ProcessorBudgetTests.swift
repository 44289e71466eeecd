import Testing

@testable import HTTPEndpoint

@Suite struct ProcessorBudgetTests {
  private let start = ContinuousClock.now

  @Test func `the savings may be spent at once, and a little more`() {
    var budget = ProcessorBudget(share: 0.1, savings: .seconds(1), now: start)
    for _ in 1...11 {
      #expect(budget.delay(at: start) == .zero)
      budget.spend(.milliseconds(100))
    }
    #expect(budget.delay(at: start) == .seconds(1))
  }

  @Test func `a debt is paid by the share of the time that passes`() {
    var budget = ProcessorBudget(share: 0.25, savings: .seconds(1), now: start)
    budget.spend(.seconds(2))
    #expect(budget.delay(at: start) == .seconds(4))
    #expect(budget.delay(at: start + .seconds(1)) == .seconds(3))
    #expect(budget.delay(at: start + .seconds(4)) == .zero)
  }

  @Test func `no more is saved than the savings`() {
    var budget = ProcessorBudget(share: 0.5, savings: .seconds(1), now: start)
    #expect(budget.delay(at: start + .seconds(3600)) == .zero)
    budget.spend(.seconds(2))
    #expect(budget.delay(at: start + .seconds(3600)) == .seconds(2))
  }
}
