internal import Answers
internal import ArgumentParser
internal import IPTablesSource
internal import Netfilter

/// Which rule decides for a packet.
struct Explain: ParsableCommand, Tool {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain what the rules do with a packet: which way it goes, and which rule decides.",
    usage: """
      kube-iptables-exporter explain <src> <dst> [<rules> ...] [<options>]
      kube-iptables-exporter explain --from <from> <dst> [<rules> ...] [<options>]
      """,
    discussion: """
      SRC is an address, with or without a port, or NODE for the node itself. DST is ADDRESS:PORT, NODE:PORT or \
      a service port by its name, NAMESPACE/NAME:PORT; behind it /tcp (the default), /udp, /sctp or /icmp. \
      Without a file, it asks the kernel's rules. A file holds what iptables-save or ip6tables-save wrote; \
      several files are one rule set.

      The first line is the answer. The way to it follows: table by table the rules that matched, and what they \
      did. It is the way of a connection's first packet.

      Exit status: 0 it is delivered; 1 it isn't, or not always; 2 rules could not be read, or the answer not be \
      written; 3 that depends on what rules don't show.

      EXAMPLES:
        kube-iptables-exporter explain 10.244.1.7 10.96.0.10:53/udp
        kube-iptables-exporter explain 10.244.1.7 10.96.0.10:53/udp node1.rules
        kube-iptables-exporter explain --from pod default/web:http node1.rules
        kube-iptables-exporter explain --from outside default/web:http --via nodeport
        kube-iptables-exporter explain 192.0.2.1 NODE:31224/tcp --in eth0
      """,
    version: Version.text)

  @Argument(
    help: ArgumentHelp(
      "The packet, SRC DST or with --from DST alone; then files, - for standard input, or kernel for the "
        + "kernel's rules. (default: kernel)", valueName: "packet and rules"),
    completion: RulesetInput.completion)
  var words: [String] = []

  @OptionGroup var packet: PacketOptions

  @Flag(help: "Also the rules that did not match.")
  var all = false

  @Option(help: "The format to print.")
  var format = AnswerFormat.text

  @OptionGroup var colors: ColorOption

  @Option(help: SingleBackend.help)
  var backend: SingleBackend?

  func checkArguments() throws {
    _ = try packet.question(words)
    let inputs = try inputs()
    try RulesetInput.validate(inputs)
    if backend != nil, inputs != [.kernel] {
      throw ValidationError("--backend can't be combined with files")
    }
    try colors.checkArguments(format)
  }

  func run() throws {
    var question = try packet.question(words)
    let loader = RulesetLoader(tables: nil, backend: backend?.selection ?? .auto)
    let inputs = try inputs()
    let families = question.family.map { [$0] } ?? Set(IPFamily.allCases)
    let ruleset = try loader.load(inputs, families: families)
    question.node = packet.node(isKernel: inputs == [.kernel])
    let explanation: Explanation
    do throws(PacketQuestionError) {
      explanation = try Explanation(question, in: ruleset)
    } catch {
      throw ValidationError(error.description)
    }
    try format.print(colors) {
      explanation.write(to: &$0, showsAll: all)
    } json: {
      explanation.write(to: &$0, showsAll: all)
    }
    if explanation.exitStatus != 0 { throw ExitCode(explanation.exitStatus) }
  }

  /// The rule sets that stand behind the packet.
  private func inputs() throws -> [RulesetInput] {
    let names = words.dropFirst(packet.wordCount)
    if names.isEmpty { return [.kernel] }
    return try names.map { name in
      guard let input = RulesetInput(argument: name) else {
        throw ValidationError("the name of a file is empty")
      }
      return input
    }
  }
}
