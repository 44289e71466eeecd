internal import Harness

/// What a scrape must show to be worth its time: one that leaves out services, or a change, would be
/// fast and worthless.
enum ScrapeCheck {
  /// - Throws: `HarnessError` where the scrape has not each of so many service ports.
  static func hasAllServices(_ response: Response, services: Int) throws {
    let count = try response.values(of: "iptables_service_sep_chains").count
    guard count == services else {
      throw HarnessError("the scrape shows \(count) service ports of \(services)")
    }
  }

  /// - Throws: `HarnessError` where the scrape does not show that an endpoint was replaced since an
  ///   earlier one: three rules added at least.
  static func showsChange(_ response: Response, after earlier: Response) throws {
    let added = try [earlier, response].map {
      try $0.values(of: "iptables_rule_changes_total", where: "change=\"added\"").reduce(0, +)
    }
    guard added[1] >= added[0] + 3 else {
      throw HarnessError("the scrape after a change shows \(added[1] - added[0]) rules added")
    }
  }
}
