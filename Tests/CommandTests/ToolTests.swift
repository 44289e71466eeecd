import TestSupport
import Testing

/// What the subcommands print of themselves and of saved files.
@Suite("Subcommands")
struct ToolTests {
  private static let rules = Fixture("legacy-1.28/a-01-baseline.rules").path

  private func run(_ words: String) throws -> String {
    let words = words.split(separator: " ").map(String.init)
    return String(
      decoding: try Command.run(["timeout", "30", program] + words), as: UTF8.self)
  }

  @Test(
    "Help lists the subcommand's own flags, and examples",
    arguments: [
      ("metrics", ["--source", "--collector.rules", "--log.level"], ["--web.", "--service <"]),
      (
        "show", ["--tree", "--service", "--tables", "--backend", "--color"], ["--web.", "--source"]
      ),
      (
        "diff", ["--live", "--summary", "--service", "--tables", "--color"], ["--web.", "--source"]
      ),
      (
        "check", ["--service", "--tables", "--backend", "--color"],
        ["--web.", "--source", "--tree"]
      ),
      (
        "migrate", ["--format", "--color"], ["--web.", "--source", "--service", "--backend"]
      ),
      (
        "explain", ["--from", "--via", "--in", "--out", "--node-address", "--all", "--backend"],
        ["--web.", "--source", "--tables", "--service "]
      ),
      (
        "save", ["--family", "--ipv6", "-c, --counters", "--tables"],
        ["--web.", "--source", "--format"]
      ),
    ])
  func help(_ tool: String, _ own: [String], _ others: [String]) throws {
    let help = try run("\(tool) --help")
    #expect(help == (try run("help \(tool)")))
    #expect(help.contains("\nUSAGE: kube-iptables-exporter \(tool) "))
    let flags = help.split(separator: "\nOPTIONS:\n")[1]
    for flag in own { #expect(flags.contains("  \(flag)")) }
    for flag in others { #expect(!flags.contains(flag)) }
    let examples = help.split(separator: "\nEXAMPLES:\n")[1].split(separator: "\nUSAGE:")[0]
    let lines = examples.split(separator: "\n")
    #expect(lines.count >= 3)
    for line in lines { #expect(line.contains("kube-iptables-exporter \(tool)")) }
  }

  @Test(
    "The version is that of the program",
    arguments: ["metrics", "show", "diff", "check", "explain", "migrate", "save"])
  func version(_ tool: String) throws {
    #expect(try run("\(tool) --version") == run("--version"))
  }

  @Test("show's text was called table once, and still is understood")
  func table() throws {
    let text = try run("show \(Self.rules)")
    #expect(text == (try run("show --format table \(Self.rules)")))
    #expect(text == (try run("show \(Self.rules) --format text --color never")))
    #expect(try run("show --help").contains("(values: text, json; default:"))
  }

  @Test("Colours are there where they are asked for", arguments: ["show", "check", "migrate"])
  func colors(_ tool: String) throws {
    #expect(try run("\(tool) --color always \(Self.rules)").contains("\u{1b}["))
    #expect(try !run("\(tool) --color auto \(Self.rules)").contains("\u{1b}["))
    #expect(try !run("\(tool) --color never \(Self.rules)").contains("\u{1b}["))
  }

  @Test(
    "migrate ends with 0 where nothing blocks, 1 where something does, 2 where a file can't be read",
    arguments: ["text", "json"])
  func migrate(_ format: String) throws {
    let good = try run("migrate \(Self.rules) --format \(format)")
    #expect(good.contains(format == "text" ? "nothing is known to stand" : "\"blocking\": 0"))
    let dump = String(
      decoding: try Fixture("legacy-1.28/a-01-baseline.rules").bytes(), as: UTF8.self)
    let closed = dump.replacing(":FORWARD ACCEPT", with: ":FORWARD DROP")
    #expect(end(["migrate", "-", "--format", format], Array(closed.utf8))?.status == 1)
    #expect(end(["migrate", "-", "--format", format], Array(dump.utf8)) == nil)
    let missing = end(["migrate", "/nowhere", Self.rules, "--format", format])
    #expect(missing?.status == 2)
    #expect(missing?.words.contains("cannot read /nowhere: No such file") == true)
  }

  @Test("On a node, migrate tells what nfacct has counted", .liveKernel)
  func liveMigration() throws {
    let rules = try Fixture("legacy-1.36/a-00-baseline.rules").bytes()
    try withNetworkNamespace {
      try Command.run("ip", "link", "set", "lo", "up")
      try LegacyCommands.restore(rules)
      let before = try run("migrate")
      #expect(before.hasPrefix("kernel: nothing is known to stand between"))
      #expect(before.contains("\nok localhost_node_ports: no client uses NodePorts at 127.0.0.1"))
      #expect(before.contains("\nok leftovers: nothing is left"))
      // A NodePort of the dump. Its endpoint isn't here, so nobody answers.
      let connect = "timeout -s KILL 0.5 bash -c 'echo >/dev/tcp/127.0.0.1/31841' || true"
      try Command.run("bash", "-c", connect)
      let after = end(["migrate", "--format", "json"])
      #expect(after?.status == 1, "\(after?.description ?? "0")")
      let metrics = try run("metrics")
      let series = #"iptables_nfacct_packets_total{name="localhost_nps_accepted_pkts"} "#
      #expect(metrics.contains("\n" + series + "1\n"))
    }
  }

  /// How the program ends where it doesn't end well.
  private func end(_ words: [String], _ input: [UInt8] = []) -> Command.Failure? {
    do {
      try Command.run(["timeout", "30", program] + words, input: input)
      return nil
    } catch {
      return error
    }
  }

  @Test("What save writes of a file is what it writes of that", arguments: ["", "--counters "])
  func save(_ flags: String) throws {
    let saved = Array(try run("save \(flags)\(Self.rules)").utf8)
    let again = try Command.run(
      ["timeout", "30", program, "save", "-"] + flags.split(separator: " ").map(String.init),
      input: saved)
    #expect(Self.withoutComments(again) == Self.withoutComments(saved))
    let nat = try run("save \(flags)--tables nat \(Self.rules)")
    #expect(nat.contains("*nat\n") && !nat.contains("*filter\n"))
    #expect(try run("save --ipv6 \(Self.rules)").isEmpty)
  }

  private static func withoutComments(_ text: [UInt8]) -> [Substring] {
    String(decoding: text, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
  }
}
