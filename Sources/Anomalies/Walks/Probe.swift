internal import KubeProxy
internal import Netfilter
internal import PacketWalk

/// A packet that stands for many of its kind, and its way through the rules.
struct Probe {
  /// Where packets to services come from, and how they address them.
  enum Shape: CaseIterable {
    case podToClusterIP
    case nodeToClusterIP
    case outsideToNodePort

    /// Who sends them, as a sentence has it.
    var who: String {
      switch self {
      case .podToClusterIP: "pods"
      case .nodeToClusterIP: "the node"
      case .outsideToNodePort: "other machines"
      }
    }

    /// The same, and by which address, unless it is the cluster IP.
    var senders: String { self == .outsideToNodePort ? "\(who) to NodePorts" : who }

    /// What it means that none of their packets arrives, in a sentence: `pods reach none of 3 service ports`.
    func loss(of servicePorts: String) -> String {
      switch self {
      case .podToClusterIP: "pods reach none of \(servicePorts)"
      case .nodeToClusterIP: "the node reaches none of \(servicePorts)"
      case .outsideToNodePort: "other machines reach no NodePort"
      }
    }

    /// The built-in chain of nat that leads them to KUBE-SERVICES.
    var hook: PacketHook { self == .nodeToClusterIP ? .output : .prerouting }
  }

  let shape: Shape
  let servicePort: ServicePort
  let walk: Walk

  /// Sends a packet to a service port.
  ///
  /// - Parameter machine: Which of the other machines sends it, if one does.
  init(
    _ shape: Shape, to target: ServiceTarget, from sources: ProbeSources, machine: Int = 0,
    in rules: FamilySnapshot
  ) {
    self.shape = shape
    servicePort = target.servicePort
    let (source, destination, origin): (IPAddress, IPAddress, PacketOrigin) =
      switch shape {
      case .podToClusterIP: (sources.pod, target.address, .outside)
      case .nodeToClusterIP: (sources.node, target.address, .node)
      case .outsideToNodePort:
        (sources.outside[machine], sources.node, .outside)
      }
    walk = Walk(
      of: Packet(
        source: source, destination: destination, ipProtocol: target.ipProtocol, sourcePort: 49_152,
        destinationPort: target.port, input: sources.interface(source)), from: origin,
      through: rules,
      on: NodeContext(addresses: [sources.node], interface: sources.interface))
  }

  /// Whether the packet came to a rule of a built-in chain that leads to `target`.
  func visits(_ hook: Hook, in content: TableContent) -> Bool {
    walk.steps.contains { step in
      step.depth == 0 && step.rule.table == hook.table
        && content.chains[step.rule.chain].name == hook.chain
        && content.chains[step.rule.chain].rules.chain(at: step.rule.position)
          == hook.target
    }
  }

  /// The rules that end the packet's way through a table at a hook: the one of the built-in chain, and the
  /// one that decides, should it be another. Empty where it is not certain which they are.
  func decision(at hook: PacketHook, in table: TableName) -> [RuleAddress] {
    let steps = walk.steps.filter { $0.hook == hook && $0.rule.table == table && $0.match != .no }
    guard steps.allSatisfy({ $0.match == .yes }), let last = steps.last,
      let first = steps.last(where: { $0.depth == 0 })
    else { return [] }
    return first.rule == last.rule ? [last.rule] : [first.rule, last.rule]
  }

  /// The end that the packet comes to whatever isn't known, if it is not delivered.
  var failure: WalkEnd? {
    guard let first = walk.outcomes.first?.end, !first.isDelivered,
      walk.outcomes.allSatisfy({ $0.end == first })
    else { return nil }
    return first
  }
}

/// An address and a port at which a service port is reached.
struct ServiceTarget {
  let servicePort: ServicePort
  let address: IPAddress
  let ipProtocol: UInt8
  let port: UInt16
}

/// Addresses from which packets may come.
struct ProbeSources {
  /// A pod's, or one that a pod could have.
  let pod: IPAddress
  /// The node's.
  let node: IPAddress
  /// Other machines', of networks that have nothing in common: a rule for one of them is not one for all.
  let outside: [IPAddress]
  /// The interface by which packets of or to an address pass, as far as the rules show it. It is not lo.
  let interface: @Sendable (IPAddress) -> NetworkInterface

  /// - Parameters:
  ///   - nodeAddress: The node's, if rules show it.
  ///   - pod: A pod's.
  init(_ snapshot: FamilySnapshot, nodeAddress: IPAddress?, pod: IPAddress) {
    let networks = InterfaceNetwork.all(in: snapshot)
    interface = { address in
      let others = networks.filter { !$0.network.matches(address) }
      return .noneOf(Set(others.map { String(decoding: $0.name, as: UTF8.self) } + ["lo"]))
    }
    self.pod = pod
    node = nodeAddress ?? snapshot.family.unknownNode
    outside = [
      snapshot.family.unknownMachine,
      // Of another network for documentation: RFC 5737 and RFC 9637.
      snapshot.family == .ipv4
        ? IPAddress(ipv4: 0xc633_6401) : IPAddress(ipv6High: 0x3fff << 48, low: 1),
    ]
  }
}
