public import ArgumentParser
public import RulesetGenerator

@main
struct GenerateRuleset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate-ruleset",
    abstract: "Writes the iptables rules that kube-proxy would write for a cluster of some size.",
    discussion: """
      The text on standard output is for iptables-restore (ip6tables-restore for IPv6), or for an \
      exporter that reads saved files. With --change it is for iptables-restore --noflush, once the \
      rules of the same cluster are loaded.
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

  @Option(
    help: ArgumentHelp(
      "Write a change instead: an endpoint of one service is replaced. 'sync' is kube-proxy's "
        + "partial sync, which writes KUBE-SERVICES and KUBE-NODEPORTS again in another order; "
        + "'service' writes that service's own chains only.", valueName: "service|sync"))
  var change: Change?

  @Option(help: "Which change: odd ones replace the endpoint, even ones put it back.")
  var round: UInt64 = 1

  enum Change: String, CaseIterable, ExpressibleByArgument {
    case service
    case sync
  }

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
    print(text(Ruleset(cluster: cluster, comments: comments)), terminator: "")
  }

  private func text(_ ruleset: Ruleset) -> String {
    let index = services / 2
    let original = ruleset.cluster.services[index]
    let replaced = ruleset.cluster.replacingEndpoint(index)
    let (old, new) = round.isMultiple(of: 2) ? (replaced, original) : (original, replaced)
    return switch change {
    case nil: ruleset.restoreText
    case .service: ruleset.update(from: old, to: new)
    case .sync: ruleset.partialSync(from: old, to: new, seed: seed &+ round)
    }
  }
}

extension AddressFamily: ExpressibleByArgument {}
