import Churn
import Netfilter
import TestSupport
import Testing

@testable import Answers

@Suite("Another order of a dispatch chain")
struct DispatchOrderTests {
  /// What a rule matches; nil for anything.
  private struct Selection {
    let number: Int
    let ipProtocol: String
    let port: Int?
    let address: Int?

    var line: String {
      let destination = address.map { "-d 10.0.0.\($0)/32 " } ?? ""
      let ports = port.map { " -m \(ipProtocol) --dport \($0)" } ?? ""
      return "-A KUBE-SERVICES \(destination)-p \(ipProtocol)\(ports) -j KUBE-\(number)"
    }

    func matches(_ packet: (ipProtocol: String, port: Int, address: Int)) -> Bool {
      ipProtocol == packet.ipProtocol && (port ?? packet.port) == packet.port
        && (address ?? packet.address) == packet.address
    }
  }

  @Test(
    "is of no effect only where no packet meets its rules in another order", arguments: 0..<300)
  func packets(_ seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let saysAll = seed.isMultiple(of: 2)
    let old = (0..<Int.random(in: 2...7, using: &random)).map { number in
      Selection(
        number: number, ipProtocol: ["tcp", "udp"].randomElement(using: &random) ?? "tcp",
        port: saysAll || Int.random(in: 0..<4, using: &random) > 0
          ? Int.random(in: 80...81, using: &random) : nil,
        address: saysAll || Int.random(in: 0..<4, using: &random) > 0
          ? Int.random(in: 1...2, using: &random) : nil)
    }
    let new = old.shuffled(using: &random)
    let isSame = ["tcp", "udp"].allSatisfy { ipProtocol in
      (80...82).allSatisfy { port in
        (1...3).allSatisfy { address in
          let packet = (ipProtocol, port, address)
          return old.filter { $0.matches(packet) }.map(\.number)
            == new.filter { $0.matches(packet) }.map(\.number)
        }
      }
    }
    let (oldRules, newRules) = (try rules(old), try rules(new))
    let order = DispatchOrder(
      from: oldRules, to: newRules, ChainDifference(from: oldRules, to: newRules))
    #expect(!order.isOfNoEffect || isSame)
    // Of rules that say all of themselves, it is known.
    if saysAll { #expect(order.isOfNoEffect == isSame) }
  }

  private func rules(_ selections: [Selection]) throws -> RuleList {
    let snapshot = try RulesetText(nat: selections.map(\.line).joined(separator: "\n")).snapshot()
    let chain = snapshot.table(.nat)?.content.chains.first { $0.name == "KUBE-SERVICES" }
    return try #require(chain).rules
  }
}
