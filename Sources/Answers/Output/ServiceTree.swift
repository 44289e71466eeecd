public import Console
internal import KubeProxy
internal import Netfilter

extension ServiceList {
  /// Writes the service ports for people, each with its rules, chains and endpoints.
  public func writeTree(to writer: inout TerminalWriter) {
    write(to: &writer) { writer in
      for (index, service) in services.enumerated() {
        if index > 0 { writer.endLine() }
        let family = Wording.suffix(service.family)
        writer.line("\(service.port) \(service.port.transport.rawValue)\(family)", .strong)
        write(service.nodes, "", to: &writer)
      }
    }
  }

  private func write(_ nodes: [ServiceTreeNode], _ prefix: String, to writer: inout TerminalWriter)
  {
    for (index, node) in nodes.enumerated() {
      let isLast = index == nodes.count - 1
      writer.write(prefix + (isLast ? "└─ " : "├─ "), .faint)
      writer.write(node.text, node.emphasis)
      writer.write(node.rule)
      writer.endLine()
      write(node.children, prefix + (isLast ? "   " : "│  "), to: &writer)
    }
  }
}

/// A line of a service port's tree, and the lines below it.
public struct ServiceTreeNode: Sendable {
  public fileprivate(set) var text: String
  /// iptables' words for the rule that the line shows, behind the text; empty where it shows none.
  public fileprivate(set) var rule: [UInt8] = []
  fileprivate var emphasis = TerminalWriter.Emphasis.plain
  public fileprivate(set) var children: [ServiceTreeNode] = []
}

extension ServiceReport {
  /// What the rules say of the service port, as a tree.
  public var nodes: [ServiceTreeNode] {
    var nodes = reached.map { ServiceTreeNode(text: $0) }
    nodes += blocked.map { reason in
      ServiceTreeNode(
        text: "blocked\(blockedTraffic.words(reason)): it has no \(reason.lacking)", emphasis: .bad)
    }
    if !affinity.isEmpty {
      let seconds = affinity.map(String.init).joined(separator: ", ")
      nodes.append(ServiceTreeNode(text: "session affinity: \(seconds) seconds"))
    }
    nodes.append(
      ServiceTreeNode(
        text: "\(Wording.count(natRules, "rule")) in nat, \(service.filterRules) in filter, "
          + Wording.count(connections, "connection")))
    nodes += dispatch.map { dispatch in
      ServiceTreeNode(
        text: Wording.place(dispatch.chain, dispatch.table, .ipv4), emphasis: .strong,
        children: dispatch.nodes)
    }
    let balancing = Dictionary(balancing.map { ($0.chain, $0.endpoints) }) { $1 }
    let endpointChains = Set(balancing.values.joined().map(\.chain))
    let rules = Dictionary(chains.map { ($0.chain, $0) }) { $1 }
    for chain in chains where !endpointChains.contains(chain.chain) {
      let endpoints = (balancing[chain.chain] ?? []).map { node(of: $0, rules[$0.chain]) }
      nodes.append(
        ServiceTreeNode(
          text: "\(chain.chain)", emphasis: .strong, children: chain.nodes + endpoints))
    }
    return nodes
  }

  private func node(of endpoint: EndpointShare, _ chain: Rules?) -> ServiceTreeNode {
    let destination = endpoint.destinations.isEmpty ? "no known destination" : endpoint.text
    let connections = Wording.count(connections(to: endpoint), "connection")
    return ServiceTreeNode(
      text: "\(destination)  \(Wording.percent(endpoint.share))  \(connections)  \(endpoint.chain)",
      emphasis: .good, children: chain?.nodes ?? [])
  }
}

extension ServiceReport.Rules {
  fileprivate var nodes: [ServiceTreeNode] {
    rules.map { ServiceTreeNode(text: "\($0.position)  ", rule: $0.text) }
  }
}
