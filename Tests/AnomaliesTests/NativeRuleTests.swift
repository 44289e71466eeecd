import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Anomalies

@Suite("Rules of nf_tables' own in iptables' tables")
struct NativeRuleTests {
  /// In the words of nft.
  private static let rules = [
    "ip saddr 192.0.2.1 dnat to 192.0.2.2", "ct state new accept", "fib daddr type local accept",
    "log prefix \"x\"", "numgen inc mod 2 0 accept", "limit rate 10 bytes/second accept",
    "quota over 5 mbytes drop", "redirect", "tcp dport { 80, 81 } accept",
    "ip saddr { 192.0.2.1, 192.0.2.2 } counter", "iifname { \"a\", \"b\" } accept",
    "tcp dport 80-90 accept", "ip saddr 192.0.2.1 accept", "meta l4proto tcp accept",
    "accept comment \"mine\"",
  ]

  @Test("Are said to be refused where iptables refuses them", .liveKernel, arguments: rules)
  func refusal(_ rule: String) throws {
    let (printed, finding) = try withNetworkNamespace {
      try Command.run("iptables-nft", "-t", "nat", "-A", "PREROUTING", "-j", "ACCEPT")
      try NFTCommands.run("add rule ip nat PREROUTING \(rule)")
      let printed = try Command.run("iptables-nft-save", "-t", "nat")
      return (String(decoding: printed, as: UTF8.self), try Self.finding())
    }
    #expect(
      printed.contains("is incompatible") == (finding?.detail.contains("refuses") ?? false),
      "\(printed)\(finding?.detail ?? "nothing")")
    // What iptables prints without a part of it is found too, and what it prints wholly is not.
    let isWhole = rule.contains("-90") || !"{".contains { rule.contains($0) }
    if !printed.contains("is incompatible") { #expect((finding == nil) == isWhole) }
  }

  @Test("Base chains of nf_tables' own are found", .liveKernel)
  func baseChain() throws {
    let finding = try withNetworkNamespace {
      try Command.run("iptables-nft", "-t", "nat", "-A", "PREROUTING", "-j", "ACCEPT")
      try NFTCommands.run("add chain ip nat mine { type nat hook prerouting priority 10; }")
      return try Self.finding()
    }
    #expect(finding?.chains == ["mine"])
    #expect(finding?.detail.contains("1 base chain of nf_tables' own, such as mine") == true)
  }

  private static func finding() throws -> Finding? {
    let source = NFTSource(tables: [.nat], families: [.ipv4])
    let snapshot = try #require(try source.read([]).families.first?.result.get())
    return Inspection(snapshot).findings.first { $0.anomaly == .incompatibleTable }
  }
}
