internal import RulesetGenerator

/// What a page says of one nat table; of the backend that was not chosen it shows no services.
struct FoundTotals: CustomStringConvertible {
  let chains: Int
  let rules: Int
  let services: Int?
  let endpoints: Int?

  init(chains: Int, rules: Int, services: Int?, endpoints: Int?) {
    self.chains = chains
    self.rules = rules
    self.services = services
    self.endpoints = endpoints
  }

  init(_ totals: TableTotals) {
    self.init(
      chains: totals.chains, rules: totals.rules, services: totals.services,
      endpoints: totals.endpoints)
  }

  func matches(_ totals: TableTotals) -> Bool {
    chains == totals.chains && rules == totals.rules
      && (services ?? totals.services) == totals.services
      && (endpoints ?? totals.endpoints) == totals.endpoints
  }

  var description: String {
    "\(rules) rules in \(chains) chains"
      + (services.map { ", \($0) services" } ?? "")
      + (endpoints.map { ", \($0) endpoints" } ?? "")
  }
}
