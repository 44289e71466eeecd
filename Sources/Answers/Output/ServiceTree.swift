public import Console
internal import KubeProxy
internal import Netfilter

extension ServiceList {
  /// Writes the service ports for people, each with its rules, chains and endpoints.
  public func writeTree(to writer: inout TerminalWriter) {
    write(to: &writer) { writer in
      for (index, service) in services.enumerated() {
        if index > 0 { writer.endLine() }
        let port = service.port
        let family = Wording.suffix(service.family)
        writer.line("\(port) \(port.transport.rawValue)\(family)", .strong)
        write(nodes(of: service), "", to: &writer)
      }
    }
  }

  /// A line, and those below it.
  private struct Node {
    var text: String
    var rule: [UInt8]?
    var emphasis = TerminalWriter.Emphasis.plain
    var children: [Node] = []
  }

  private func write(_ nodes: [Node], _ prefix: String, to writer: inout TerminalWriter) {
    for (index, node) in nodes.enumerated() {
      let isLast = index == nodes.count - 1
      writer.write(prefix + (isLast ? "└─ " : "├─ "), .faint)
      writer.write(node.text, node.emphasis)
      if let rule = node.rule { writer.write(rule) }
      writer.endLine()
      write(node.children, prefix + (isLast ? "   " : "│  "), to: &writer)
    }
  }

  private func nodes(of service: ServiceReport) -> [Node] {
    var nodes = service.addresses.map { Node(text: "\($0.kind.words) \($0)") }
    nodes += service.nodePorts.map { Node(text: "NodePort \($0)") }
    nodes += service.blocked.map { reason in
      Node(
        text: "blocked\(service.blockedTraffic.words(reason)): \(reason.words)", emphasis: .bad)
    }
    if !service.facts.affinity.isEmpty {
      let seconds = service.facts.affinity.map(String.init).joined(separator: ", ")
      nodes.append(Node(text: "session affinity: \(seconds) seconds"))
    }
    let (nat, filter) = (Wording.count(service.natRules, "rule"), service.facts.service.filterRules)
    let connections = Wording.count(service.connections, "connection")
    nodes.append(Node(text: "\(nat) in nat, \(filter) in filter, \(connections)"))
    nodes += service.dispatch.map { dispatch in
      Node(
        text: Wording.place(dispatch.chain, dispatch.table, .ipv4), emphasis: .strong,
        children: dispatch.rules.map(Self.rule))
    }
    let balancing = Dictionary(
      service.balancing.map { ($0.chain, $0.endpoints) }, uniquingKeysWith: { $1 })
    let endpointChains = Set(service.balancing.flatMap(\.endpoints).map(\.chain))
    let rules = Dictionary(service.chains.map { ($0.chain, $0) }, uniquingKeysWith: { $1 })
    for chain in service.chains where !endpointChains.contains(chain.chain) {
      let endpoints = (balancing[chain.chain] ?? []).map {
        Self.endpoint($0, service.connections(to: $0), rules[$0.chain])
      }
      nodes.append(
        Node(
          text: "\(chain.chain)", emphasis: .strong,
          children: chain.rules.map(Self.rule) + endpoints))
    }
    return nodes
  }

  private static func endpoint(
    _ endpoint: EndpointShare, _ connections: UInt64, _ chain: ServiceReport.Rules?
  ) -> Node {
    let destination =
      endpoint.destinations.isEmpty
      ? "no known destination" : endpoint.destinations.map(\.description).joined(separator: ", ")
    let connections = Wording.count(connections, "connection")
    return Node(
      text: "\(destination)  \(Wording.percent(endpoint.share))  \(connections)  \(endpoint.chain)",
      emphasis: .good, children: (chain?.rules ?? []).map(rule))
  }

  private static func rule(_ rule: (position: Int, text: [UInt8])) -> Node {
    Node(text: "\(rule.position)  ", rule: rule.text)
  }
}
