internal import Answers
internal import ArgumentParser
internal import Collectors
internal import IPTablesSource
internal import Netfilter
internal import Platform

/// A rule set as iptables-save prints it.
struct SaveRules: ParsableCommand, Tool {
  static let configuration = CommandConfiguration(
    commandName: "save",
    abstract: "Write rules as iptables-save and ip6tables-save do, without iptables.",
    discussion: """
      Of the kernel's rules it writes what iptables-legacy-save or iptables-nft-save prints, but for the \
      comments around each table. Of files it writes the same rules in that form, whatever version wrote \
      them.

      Exit status: 0; 2 if rules can't be read, or not be written.

      EXAMPLES:
        kube-iptables-exporter save >saved.v4
        kube-iptables-exporter save --ipv6 --counters >saved.v6
        kube-iptables-exporter save --family all --tables nat,filter
        kube-iptables-exporter save old.rules >normalised.rules
      """,
    version: Version.text)

  @OptionGroup var ruleset: RulesetArgument

  /// The address families to write; the raw value is the flag's.
  enum FamilyChoice: String, ExpressibleByArgument, CaseIterable {
    case ipv4, ipv6, all

    func contains(_ family: IPFamily) -> Bool {
      self == .all || (self == .ipv4) == (family == .ipv4)
    }
  }

  @Option(
    help: ArgumentHelp(
      "The address family to write: ipv4, ipv6 or all. (default: ipv4 of the kernel, all of files)",
      valueName: "family"))
  var family: FamilyChoice?

  @Flag(help: "The same as --family ipv6.")
  var ipv6 = false

  @Flag(name: [.short, .long], help: "Write the counters of rules too, as iptables-save -c.")
  var counters = false

  @OptionGroup var rulesetOptions: RulesetOptions

  func checkArguments() throws {
    if ipv6, family != nil {
      throw ValidationError("--ipv6 is --family ipv6: use one of them")
    }
    try rulesetOptions.checkArguments(readsKernel: ruleset.readsKernel)
    try RulesetInput.validate(ruleset.inputs)
  }

  func run() throws {
    let readsKernel = ruleset.readsKernel
    let choice = family ?? (ipv6 ? .ipv6 : readsKernel ? .ipv4 : .all)
    let ruleset = try rulesetOptions.makeLoader().load(
      ruleset.asked, families: Set(IPFamily.allCases.filter(choice.contains)))
    var writer = SaveFileWriter(
      program: "kube-iptables-exporter \(Version.build.version)", showsCounters: counters)
    for snapshot in ruleset.families + ruleset.leftOut where choice.contains(snapshot.family) {
      writer.write(snapshot, readsKernel ? .ofKernel : .fixed)
    }
    if writer.unrecognisedRules > 0 {
      StandardError.note(
        "\(writer.unrecognisedRules) rules of \(ruleset.name) hold a match or target that is not known: "
          + "iptables-restore will refuse them")
    }
    let hasTables = ruleset.families.contains { !$0.tables.isEmpty }
    // Where none of the tables that are asked for is there, that has been said.
    if writer.bytes.isEmpty, rulesetOptions.tables == nil || hasTables {
      let words = choice == .all ? "" : choice == .ipv4 ? "IPv4 " : "IPv6 "
      let backend = readsKernel ? ruleset.families.first.map { " in \($0.backend.rawValue)" } : nil
      StandardError.note(
        "\(ruleset.name) has no \(words)tables\(backend.map { $0 + "; --backend reads the other one" } ?? "")"
      )
    }
    try StandardOutput.write(answer: writer.bytes)
  }
}
