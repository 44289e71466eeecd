internal import Harness
internal import RulesetGenerator
internal import ScrapeChecks

/// Whether a valid page tells what was written.
struct PageCheck {
  /// The backend whose services the exporter shows, of those that both have services.
  static let chosenBackend = Backend.nft

  let histories: [Backend: [AddressFamily: RulesetHistory]]

  /// What was found in a page.
  struct Findings {
    var violations: [String] = []
    var hasFailedReading = false
  }

  /// Compares a page with what could be seen while it was being made.
  func findings(
    _ page: Exposition, from start: ContinuousClock.Instant, to end: ContinuousClock.Instant
  ) -> Findings {
    var findings = Findings()
    for (backend, families) in histories {
      for (family, history) in families {
        switch page.values(of: "iptables_up", where: labels(family, backend)) {
        case [1]:
          let found = totals(page, family, backend)
          let visible = history.visible(from: start, to: end)
          if !visible.contains(where: { found.matches($0) }) {
            findings.violations.append(
              "\(backend) \(family.rawValue): \(found), but written were "
                + visible.map { "\(FoundTotals($0))" }.sorted().joined(separator: "; "))
          }
        case [0]: findings.hasFailedReading = true
        default: findings.violations.append("iptables_up lacks \(backend) \(family.rawValue)")
        }
      }
    }
    if page.values(of: "iptables_mixed_backends") != [1] {
      findings.violations.append("iptables_mixed_backends is not 1")
    }
    return findings
  }

  private func totals(
    _ page: Exposition, _ family: AddressFamily, _ backend: Backend
  ) -> FoundTotals {
    func sum(_ metric: String, _ labels: [String: String]) -> Int {
      Int(page.values(of: metric, where: labels).reduce(0, +))
    }
    let table = labels(family, backend).merging(["table": "nat"]) { $1 }
    let service = ["ip_family": family.rawValue]
    let isChosen = backend == Self.chosenBackend
    return FoundTotals(
      chains: sum("iptables_chains", table), rules: sum("iptables_rules", table),
      services: isChosen ? sum("iptables_services", service) : nil,
      endpoints: isChosen ? sum("iptables_service_sep_chains", service) : nil)
  }

  private func labels(_ family: AddressFamily, _ backend: Backend) -> [String: String] {
    ["ip_family": family.rawValue, "backend": backend.rawValue]
  }
}
