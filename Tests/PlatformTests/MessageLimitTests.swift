import Platform
import Testing

@Suite("Messages that a client can cause")
struct MessageLimitTests {
  @Test("Are admitted once a minute, and say how many were left out")
  func limit() {
    let limit = MessageLimit()
    let start = ContinuousClock.now
    let admitted = [0, 1, 59, 60, 61, 90, 121, 500].map {
      limit.admit(at: start + .seconds($0))
    }
    #expect(admitted == [0, nil, nil, 2, nil, nil, 2, 0])
  }
}
