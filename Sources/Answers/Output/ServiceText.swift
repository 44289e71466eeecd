public import Console
public import KubeProxy
public import Netfilter

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

extension ServiceList {
  /// Writes the service ports for people, a line each, in aligned columns.
  public func writeTable(to writer: inout TerminalWriter) {
    write(to: &writer) { writer in
      if services.isEmpty { return }
      let columns = columns
      let titles = columns.map { Cell($0.title, .strong) }
      let rows = services.map { service in
        columns.map { Cell($0.text(service), $0.emphasis(service)) }
      }
      let widths = columns.indices.map { column in
        rows.reduce(titles[column].width) { max($0, $1[column].width) }
      }
      for row in [titles] + rows {
        for (index, (cell, column)) in zip(row, columns).enumerated() {
          let isLast = index == columns.count - 1
          let padding = String(repeating: " ", count: widths[index] - cell.width)
          if column.isNumber { writer.write(padding) }
          writer.write(cell.text, cell.emphasis)
          if !isLast { writer.write((column.isNumber ? "" : padding) + "  ") }
        }
        writer.endLine()
      }
    }
  }

  private struct Column {
    let title: String
    var isNumber = false
    var emphasis: (ServiceReport) -> TerminalWriter.Emphasis = { _ in .plain }
    let text: (ServiceReport) -> String
  }

  private struct Cell {
    let text: String
    let emphasis: TerminalWriter.Emphasis
    let width: Int

    init(_ text: String, _ emphasis: TerminalWriter.Emphasis) {
      self.text = text
      self.emphasis = emphasis
      width = TerminalWriter.escaped(Array(text.utf8)).count
    }
  }

  /// Those that there is something to say in.
  private var columns: [Column] {
    var columns = [
      Column(title: "SERVICE PORT") { "\($0.port)" },
      Column(title: "PROTOCOL") { $0.port.transport.rawValue },
    ]
    if Set(services.map(\.family)) != [.ipv4] {
      columns.append(Column(title: "FAMILY") { $0.family.rawValue })
    }
    columns += [
      Column(title: "ADDRESSES") { Self.list($0.addresses.map(\.description)) },
      Column(title: "NODEPORTS") { Self.list($0.nodePorts.map(String.init)) },
      Column(title: "ENDPOINTS", isNumber: true) { "\($0.endpoints.count)" },
      Column(title: "RULES", isNumber: true) { "\($0.service.rules)" },
      Column(title: "CONNECTIONS", isNumber: true) { "\($0.connections)" },
    ]
    if services.contains(where: { !$0.blocked.isEmpty }) {
      columns.append(
        Column(title: "BLOCKED", emphasis: { $0.blocked.isEmpty ? .plain : .bad }) { service in
          Self.list(service.blocked.map { "no \($0.lacking)" + service.blockedTraffic.words($0) })
        })
    }
    return columns
  }

  private static func list(_ texts: [String]) -> String {
    texts.isEmpty ? "-" : texts.joined(separator: ",")
  }
}

/// The service ports of a rule set, of either family.
public struct ServiceList: Sendable {
  /// By service port, IPv4 before IPv6.
  public let services: [ServiceReport]
  /// Chains of service ports that aren't listed, because nothing says whose they are.
  public let unnamed: UnnamedChains
  let ruleset: Ruleset
  /// Whether some service ports were asked for, and not all.
  private let isSelected: Bool

  /// - Parameter selection: the service ports that are asked for; nil for all.
  public init(of ruleset: Ruleset, selection: ((ServicePort) -> Bool)? = nil) {
    self.ruleset = ruleset
    isSelected = selection != nil
    let families = ruleset.families.map { FamilyServices(FamilySide($0)) }
    unnamed = families.reduce(UnnamedChains()) { $0 + $1.map.unnamed }
    services = families.flatMap { $0.reports(where: selection ?? { _ in true }) }
      .sorted { ($0.port, $0.family) < ($1.port, $1.family) }
  }

  /// Writes the service ports with `body`. Before them comes kube-proxy's mode, should it not be iptables,
  /// what the other backend holds, and whether there are none; behind them, how many chains are not listed.
  func write(to writer: inout TerminalWriter, _ body: (inout TerminalWriter) -> Void) {
    writer.notice(ruleset.mode, of: ruleset.name, isKernel: ruleset.isKernel)
    for mixed in ruleset.mixedBackends {
      writer.write("\(ruleset.name): ", .strong)
      writer.line(mixed.notice, .notable)
    }
    // Whoever asked for some is told by the command.
    if services.isEmpty, !isSelected { writer.line("no service ports in \(ruleset.name)") }
    body(&writer)
    if let notice = unnamed.notice { writer.line(notice, .notable) }
  }
}

/// An address that a service port is reached at.
public struct ServiceAddress: Sendable, Hashable, CustomStringConvertible {
  /// What kube-proxy's comment, or the chain of its rule, says of it; the raw value stands in JSON.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case clusterIP = "cluster_ip"
    case externalIP = "external_ip"
    case loadBalancerIP = "load_balancer_ip"
    /// Neither says it: an external or load balancer's IP of a service port without endpoints.
    case unknown
  }

  public let kind: Kind
  public let address: IPAddress
  public let port: UInt16

  /// `10.96.0.1:443`, `[fd00::1]:443`.
  public var description: String { "\(SocketAddress(address: address, port: port))" }
}

extension [ServiceAddress] {
  /// Each address once. One of an unknown kind is left only where no other rule has its kind.
  var distinct: [ServiceAddress] {
    guard count > 1 else { return self }
    var seen = Set(
      lazy.filter { $0.kind != .unknown }.map {
        ServiceAddress(kind: .unknown, address: $0.address, port: $0.port)
      })
    return filter { seen.insert($0).inserted }
  }
}

extension ServiceAddress.Kind {
  /// `cluster IP`, as kube-proxy calls it.
  public var words: String {
    switch self {
    case .clusterIP: "cluster IP"
    case .externalIP: "external IP"
    case .loadBalancerIP: "load balancer IP"
    case .unknown: "address"
    }
  }

  /// - Parameters:
  ///   - table: The table of the rule that has the comment.
  ///   - chain: Its chain. In filter, comments say why a rule blocks, not what: but KUBE-SERVICES blocks
  ///     cluster IPs, and KUBE-PROXY-FIREWALL load balancers' IPs.
  init(_ comment: ByteString?, _ table: TableName, _ chain: ChainName) {
    let bytes = comment?.bytes ?? []
    func ends(in text: String) -> Bool {
      bytes.suffix(text.utf8.count).elementsEqual(text.utf8)
    }
    switch (table, chain) {
    case _ where ends(in: " cluster IP"): self = .clusterIP
    case _ where ends(in: " external IP"): self = .externalIP
    case _ where ends(in: " loadbalancer IP"): self = .loadBalancerIP
    case (.filter, .kubeServices): self = .clusterIP
    case (.filter, .kubeProxyFirewall): self = .loadBalancerIP
    default: self = .unknown
    }
  }
}
