public import Answers
public import ArgumentParser
internal import IPTablesSource
internal import Netfilter

/// The flags that describe a packet.
struct PacketOptions: ParsableArguments {
  /// Who sends a packet, where no address is named; the raw value is the flag's.
  enum Sender: String, ExpressibleByArgument, CaseIterable {
    case pod, node, outside

    var source: PacketSource {
      switch self {
      case .pod: .pod
      case .node: .node
      case .outside: .outside
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "Instead of SRC: an address is chosen that stands for a pod of the node, for the node itself, or for "
        + "another machine."))
  var from: Sender?

  @Option(
    help: ArgumentHelp(
      "Of a service port named by its name: at which of its addresses it is asked. (default: cluster; with "
        + "--from outside the first that there is of loadbalancer, external, nodeport, cluster)"))
  var via: ServiceAccess?

  @Option(
    name: .customLong("in"),
    help: ArgumentHelp(
      "The interface by which the packet comes in. (default: of the kernel's rules, the one by which packets "
        + "to SRC leave; of files, any)", valueName: "interface"))
  var input: String?

  @Option(
    name: .customLong("out"),
    help: ArgumentHelp(
      "The interface by which the packet leaves. (default: of the kernel's rules, what the routes say; of "
        + "files, any)", valueName: "interface"))
  var output: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "An address of the node's own, of which NODE is the first (repeatable). (default: of the kernel's rules, "
        + "those of its interfaces; of files, those that the rules show)", valueName: "address"),
    transform: { try Self.address($0) })
  var nodeAddress: [IPAddress] = []

  /// How many words describe the packet.
  var wordCount: Int { from == nil ? 2 : 1 }

  /// The packet that the words and the flags describe.
  func question(_ words: [String]) throws -> PacketQuestion {
    guard words.count >= wordCount else {
      throw ValidationError(
        from == nil
          ? "name a packet's source and destination: SRC DST, or --from and DST"
          : "name a packet's destination: DST")
    }
    var question = PacketQuestion(
      from: try source(words), to: PacketDestination(words[wordCount - 1]))
    question.access = via
    question.input = input
    question.output = output
    return question
  }

  private func source(_ words: [String]) throws -> PacketSource {
    if let from { return from.source }
    guard let source = PacketSource(words[0]) else {
      throw ValidationError(
        "SRC: '\(words[0])' is neither an address nor NODE; --from pod, node or outside chooses one"
      )
    }
    return source
  }

  /// What is known of the node whose rules are asked.
  func node(isKernel: Bool) -> NodeFacts {
    guard isKernel else { return NodeFacts(addresses: nodeAddress) }
    return NodeFacts(
      addresses: nodeAddress + NodeNetwork.addresses, areAll: true,
      interface: { NodeNetwork.interface(to: $0) },
      source: { [nodeAddress] in nodeAddress.isEmpty ? NodeNetwork.source(to: $0) : nil })
  }

  private static func address(_ text: String) throws(ValidationError) -> IPAddress {
    guard let address = IPAddress(text) else {
      throw ValidationError("it must be an IPv4 or IPv6 address")
    }
    return address
  }
}

extension ServiceAccess: ExpressibleByArgument {}
