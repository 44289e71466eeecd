internal import KubeProxy
internal import Netfilter

/// Where the service ports of a family are reached, as the rules that dispatch to them, or block them,
/// say.
struct DispatchFacts {
  /// For each service port of the map, in the order of the rules, each once.
  private(set) var addresses: [[ServiceAddress]]
  /// For each, the NodePorts.
  private(set) var nodePorts: [[UInt16]]
  /// For each, what the filter table blocks.
  private(set) var blocked: [Set<BlockedTraffic>]
  /// For each, the positions of the rules: in nat and in filter.
  private(set) var rules: [[Place]]

  /// A rule of a table.
  struct Place {
    let table: TableName
    let chain: Int
    let rule: Int
  }

  init(_ side: FamilySide) {
    addresses = Array(repeating: [], count: side.map.services.count)
    nodePorts = Array(repeating: [], count: side.map.services.count)
    blocked = Array(repeating: [], count: side.map.services.count)
    rules = Array(repeating: [], count: side.map.services.count)
    for table in side.snapshot.tables where table.name == .nat || table.name == .filter {
      let content = table.content
      for index in content.chains.indices
      where Self.isDispatch(content.chains[index], table.name) {
        add(content, index, side)
      }
    }
    for index in addresses.indices { addresses[index].removeDuplicates() }
    for index in nodePorts.indices { nodePorts[index] = Set(nodePorts[index]).sorted() }
  }

  private static func isDispatch(_ chain: Chain, _ table: TableName) -> Bool {
    // Filter's KUBE-NODEPORTS is for health checks.
    RuleScope(chain) == .dispatch && !(table == .filter && chain.name == .kubeNodePorts)
  }

  private mutating func add(_ content: TableContent, _ chain: Int, _ side: FamilySide) {
    let list = content.chains[chain].rules
    let name = content.chains[chain].name
    for position in list.indices {
      guard let owner = side.ownerIndex(content, rule: content.firstRules[chain] + position)
      else { continue }
      rules[owner].append(Place(table: content.name, chain: chain, rule: position))
      let rule = list[position]
      if content.name == .filter, let traffic = BlockedTraffic(rule, in: name) {
        blocked[owner].insert(traffic)
      }
      let outline = rule.outline
      guard let port = outline.destinationPort else { continue }
      if let destination = outline.destination, destination.isOneAddress {
        addresses[owner].append(
          ServiceAddress(
            kind: ServiceAddress.Kind(rule.comments.first, content.name, name),
            address: destination.address, port: port))
      } else if name != .kubeServices {
        nodePorts[owner].append(port)
      }
    }
  }
}

extension AddressMatch {
  var isOneAddress: Bool {
    !inverted && mask == mask.family.fullMask
  }
}

extension [ServiceAddress] {
  /// Leaves each address once, and what is unknown of one only where no other rule tells more.
  fileprivate mutating func removeDuplicates() {
    guard count > 1 else { return }
    var seen = Set(
      lazy.filter { $0.kind != .unknown }.map {
        ServiceAddress(kind: .unknown, address: $0.address, port: $0.port)
      })
    self = filter { seen.insert($0).inserted }
  }
}
