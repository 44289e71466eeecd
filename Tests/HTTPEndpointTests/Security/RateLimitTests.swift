import Testing

@testable import HTTPEndpoint
@testable import WebConfiguration

@Suite struct RateLimitTests {
  @Test func `a budget begins with its burst, and gets one more in each interval`() {
    let start = ContinuousClock.now
    var budget = RequestBudget(RateLimit(interval: .seconds(1), burst: 2), now: start)
    let spent = [0, 0, 0, 900, 1100, 1200, 9000, 9000, 9000].map {
      budget.spend(at: start + .milliseconds($0))
    }
    #expect(spent == [true, true, false, false, true, false, true, true, false])
  }

  @Test func `a burst of less than one serves nobody`() {
    let start = ContinuousClock.now
    var budget = RequestBudget(RateLimit(interval: .seconds(1), burst: 0), now: start)
    #expect(!budget.spend(at: start) && !budget.spend(at: start + .seconds(100)))
  }

  @Test func `requests beyond the limit get 429, until the configuration has another`() async throws
  {
    try await SecureServer.run("rate_limit: {interval: 1h, burst: 2}\n") { server in
      func answer() async throws -> String {
        try await Shell.run(
          "curl -sS -m 5 -o /dev/null -w '%{http_code}' http://127.0.0.1:\(server.port)/",
          in: server.files.path)
      }
      var answers: [String] = []
      for _ in 1...4 { answers.append(try await answer()) }
      #expect(answers == ["200", "200", "429", "429"])
      try server.files.write("rate_limit: {interval: 0}\n", to: "web.yml")
      try await server.eventually { try await answer() == "200" }
      #expect(try await answer() == "200")
    }
  }
}
