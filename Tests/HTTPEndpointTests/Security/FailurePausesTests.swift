import Testing

@testable import HTTPEndpoint

@Suite struct FailurePausesTests {
  private let start = ContinuousClock.now

  @Test func `each failure doubles the pause, up to a minute`() {
    var pauses = FailurePauses(first: .seconds(1), capacity: 10)
    var now = start
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
      #expect(!pauses.applies(to: "a", at: now))
      pauses.addFailure(of: "a", at: now)
      #expect(pauses.applies(to: "a", at: now + .seconds(seconds) - .milliseconds(1)))
      #expect(!pauses.applies(to: "b", at: now))
      now += .seconds(seconds)
    }
  }

  @Test func `a pause is forgotten after a while, or with success`() {
    var pauses = FailurePauses(first: .seconds(1), capacity: 10)
    for _ in 1...5 { pauses.addFailure(of: "a", at: start) }
    pauses.addFailure(of: "a", at: start + .seconds(77))
    #expect(!pauses.applies(to: "a", at: start + .seconds(78)))
    pauses.addFailure(of: "a", at: start + .seconds(78))
    pauses.forget("a")
    #expect(!pauses.applies(to: "a", at: start + .seconds(78)))
  }

  @Test func `those are forgotten first whose pause ends first`() {
    var pauses = FailurePauses(first: .seconds(1), capacity: 2)
    for client in ["a", "a", "b", "c"] { pauses.addFailure(of: client, at: start) }
    #expect(["a", "b", "c"].map { pauses.applies(to: $0, at: start) } == [true, false, true])
  }

  @Test func `there may be none`() {
    var pauses = FailurePauses(first: .zero, capacity: 10)
    pauses.addFailure(of: "a", at: start)
    #expect(!pauses.applies(to: "a", at: start))
  }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("", ""), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"),
    ("2001:db8::1", "2001:db8:0:0"), ("::1", "0:0:0:0"), ("fe80::1%eth0", "fe80:0:0:0"),
    ("2001:db8:1:2::", "2001:db8:1:2"), ("::", "0:0:0:0"), ("2001:db8:0:2::5", "2001:db8:0:2"),
  ])
  func `a client is an IPv4 address or a network of IPv6`(address: String, client: String) {
    #expect(FailurePauses.client(at: address) == client)
  }
}
