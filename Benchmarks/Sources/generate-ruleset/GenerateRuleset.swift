public import ArgumentParser
public import RulesetGenerator

@main
struct GenerateRuleset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate-ruleset",
    abstract: "Writes the iptables rules that kube-proxy would write for a cluster of some size.",
    discussion: """
      The text on standard output is for iptables-restore (ip6tables-restore for IPv6), or for an \
      exporter that reads saved files.
      """)

  @Option(help: "How many service ports.")
  var services = 1000

  @Option(help: "How many endpoints each of them has.")
  var endpoints = 4

  @Flag(
    inversion: .prefixedNo,
    help: "Comments in KUBE-SVC and KUBE-SEP chains; kube-proxy drops them in large clusters.")
  var comments = true

  @Option(help: "IPv4 or IPv6.")
  var family = AddressFamily.ipv4

  @Option(help: "The same seed gives the same rules.")
  var seed: UInt64 = 1

  func validate() throws {
    guard (1...1_000_000).contains(services) else {
      throw ValidationError("--services must be between 1 and 1000000")
    }
    guard (1...1000).contains(endpoints), services * endpoints < 8_000_000 else {
      throw ValidationError("--endpoints must be between 1 and 1000, below 8000000 in all")
    }
  }

  func run() {
    let cluster = Cluster(services: services, endpoints: endpoints, family: family, seed: seed)
    print(Ruleset(cluster: cluster, comments: comments).restoreText, terminator: "")
  }
}

extension AddressFamily: ExpressibleByArgument {}
