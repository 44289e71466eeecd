import TestSupport

/// What every rule of a dump has counted, told by the words of its text: `[packets:bytes] -A CHAIN …`.
struct RuleAccount {
  struct Counts: Equatable {
    var packets = 0.0
    var bytes = 0.0
  }

  /// By table, chain and what stands behind the chain; equal lines are one.
  private(set) var rules: [[String]: Counts] = [:]
  private(set) var ruleCount = 0

  init(_ dump: [UInt8]) {
    var table = ""
    for line in String(decoding: dump, as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("*") { table = String(line.dropFirst()) }
      guard line.hasPrefix("[") else { continue }
      let words = line.split(separator: " ", maxSplits: 3)
      let numbers = words[0].dropFirst().dropLast().split(separator: ":").compactMap { Double($0) }
      let key = [table, String(words[2]), words.count > 3 ? String(words[3]) : ""]
      rules[key, default: Counts()].packets += numbers[0]
      rules[key, default: Counts()].bytes += numbers[1]
      ruleCount += 1
    }
  }

  /// What the metrics say of the rules of one family, which must be in one backend.
  init(_ metrics: Scrape, _ labels: Scrape.Labels) {
    for (series, packets) in metrics.all("iptables_rule_packets_total")
    where labels.allSatisfy({ series[$0.key] == $0.value }) {
      let key = ["table", "chain", "rule"].map { series[$0] ?? "-" }
      rules[key] = Counts(
        packets: packets, bytes: metrics["iptables_rule_bytes_total", series] ?? .nan)
      ruleCount += 1
    }
  }

  /// The lines that only one of two accounts has, with their counts: the other's, and this one's.
  func differences(from other: RuleAccount) -> (missing: [String], unexpected: [String]) {
    func lines(_ rules: [[String]: Counts], without others: [[String]: Counts]) -> [String] {
      rules.filter { others[$0.key] != $0.value }.map {
        "[\($0.value.packets):\($0.value.bytes)] \($0.key.joined(separator: " "))"
      }.sorted()
    }
    return (lines(other.rules, without: rules), lines(rules, without: other.rules))
  }
}

extension Scrape {
  /// The packets of rules by their text, of one chain.
  func rulePackets(_ chain: String, table: String = "filter") -> [String: Double] {
    var packets: [String: Double] = [:]
    for (series, value) in all("iptables_rule_packets_total")
    where series["chain"] == chain && series["table"] == table {
      packets[series["rule"] ?? ""] = value
    }
    return packets
  }

  /// The number of rules without series, by reason; of IPv4.
  func rulesOmitted(_ reason: String, _ backend: String = "legacy") -> Double? {
    self[
      "iptables_rules_omitted", ["backend": backend, "ip_family": "IPv4", "reason": reason]]
  }
}
