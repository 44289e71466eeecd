import Collectors
import Exposition
import IPTablesSource
import TestSupport
import Testing

/// A node that was switched from one backend to the other, and not cleaned.
@Suite("kube-proxy's rules in both backends")
struct TwoBackendsTests {
  private static let paths = ["legacy-1.28/d-12-multiport.rules", "nft-1.28/d-12-multiport.rules"]
    .map { Fixture($0).path }

  @Test("Give a valid exposition", arguments: ExpositionFormat.allCases)
  func valid(_ format: ExpositionFormat) async throws {
    let exporter = Exporter(SaveFileSource(paths: Self.paths))
    let metrics = try await exporter.metrics(ScrapeRequest(format: format, scraper: "10.0.0.1"))
    for backend in ["legacy", "nft"] {
      #expect(metrics["iptables_up", ["backend": backend, "ip_family": "IPv4"]] == 1)
      #expect(
        metrics["iptables_backend_info", ["backend": backend, "kubernetes": "true"]] == 1)
      #expect(metrics.sum("iptables_rules", where: ["backend": backend]) == 250)
    }
    #expect(metrics.services().count == 22)
  }
}
