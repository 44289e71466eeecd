import RulesetGenerator

/// A generated rule set that is loaded into the kernel, and can be changed there.
struct KernelRuleset: ~Copyable {
  /// How many service ports it has.
  let services: Int

  private let scaleUp: String
  private let scaleDown: String
  private var isScaledUp = false

  /// Replaces whatever rules the namespace has.
  init(size: RulesetSize, seed: UInt64) throws {
    let cluster = Cluster(
      services: size.services, endpoints: size.endpoints, family: .ipv4, seed: seed)
    let ruleset = Ruleset(cluster: cluster, comments: true)
    let changing = cluster.services.count / 2
    services = cluster.services.count
    scaleUp = ruleset.update(from: cluster.services[changing], to: cluster.scaledUp(changing))
    scaleDown = ruleset.update(from: cluster.scaledUp(changing), to: cluster.services[changing])
    try Self.restore(ruleset.restoreText)
  }

  /// Gives one service an endpoint more than it had, or takes it away again: by turns.
  mutating func changeOneService() throws {
    try Self.restore(isScaledUp ? scaleDown : scaleUp, "--noflush")
    isScaledUp.toggle()
  }

  private static func restore(_ text: String, _ flags: String...) throws {
    let file = try MemoryFile(text)
    try ChildProcess(["iptables-legacy-restore", "--wait"] + flags, input: file.path)
      .waitForSuccess()
  }
}
