internal import Console
internal import KubeProxy
internal import Netfilter

/// Finds a service port by its name, and the address at which it is asked for.
struct ServiceLookup {
  let ruleset: Ruleset
  let families: [FamilySide]

  /// - Parameter family: The only one that is looked in; nil for all.
  init(_ ruleset: Ruleset, _ family: IPFamily?) {
    self.ruleset = ruleset
    families = ruleset.families.filter { family == nil || $0.family == family }
      .map { FamilySide($0) }
  }

  struct Hit {
    let side: FamilySide
    /// Its index in the family's map.
    let index: Int
    let report: ServiceReport
  }

  /// Returns the service port that the destination names.
  ///
  /// A port that isn't a port's name may be its number. In the first family that has it, it has to be one
  /// alone.
  func find(_ destination: PacketDestination) throws(PacketQuestionError) -> Hit {
    guard case .service(let namespace, let name, let port) = destination.place else {
      throw unknown(destination)
    }
    var ofService: [Service] = []
    for side in families {
      let indices = side.map.services.indices.filter { index in
        let candidate = side.map.services[index].port
        return candidate.namespace == namespace && candidate.name == name
      }
      if indices.isEmpty { continue }
      if ofService.isEmpty { ofService = indices.map { side.map.services[$0] } }
      let services = FamilyServices(of: side.snapshot, map: side.map, only: indices)
      var hits = indices.map { Hit(side: side, index: $0, report: services.report(at: $0)) }
        .filter { destination.transport == nil || destination.transport == $0.transport }
      if let port {
        let named = hits.filter { $0.report.port.port == port }
        let number = UInt16(port)
        hits =
          named.isEmpty
          ? hits.filter { $0.report.addresses.contains { $0.port == number } } : named
        let tcp = hits.filter { $0.transport == .tcp }
        if named.isEmpty, hits.count > 1, tcp.count == 1 { hits = tcp }
      }
      if hits.count == 1 { return hits[0] }
      if !hits.isEmpty {
        throw PacketQuestionError(
          "DST: \(destination.text) is several service ports: "
            + Wording.list(hits.map { $0.report.port.argument }, atMost: 10))
      }
    }
    guard !ofService.isEmpty else { throw unknown(destination) }
    throw PacketQuestionError(
      "DST: \(namespace)/\(name) has no such port as \(destination.text): it has "
        + Wording.list(ofService.map(\.port.argument), atMost: 10))
  }

  /// What is no destination, and what may have been meant.
  func unknown(_ destination: PacketDestination) -> PacketQuestionError {
    let text = destination.text
    let names = Set(families.flatMap { $0.map.services.map(\.port.description) }).sorted()
    // Somebody who leaves out the namespace or the port means this one.
    let meant = names.first { name in
      let word = name.split(separator: "/").last?.split(separator: ":").first.map(String.init)
      return word == text || name.split(separator: "/").last.map(String.init) == text
    }
    let guess = meant ?? Spelling.nearest(to: text, among: names)
    return PacketQuestionError(
      "DST: '\(text)' is neither an address, NODE nor a service port of \(ruleset.name)"
        + (guess.map { "; did you mean \($0)?" } ?? ""))
  }
}

/// A packet that can't be asked about: its names say nothing, or nothing that is in the rules.
public struct PacketQuestionError: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

extension ServiceLookup.Hit {
  /// The address and port at which the service port is asked for, and what that is called.
  ///
  /// - Parameters:
  ///   - access: What was asked for; nil for what its clients use.
  ///   - isOutside: Whether the client is another machine.
  ///   - node: The node's main address.
  func address(
    by access: ServiceAccess?, isOutside: Bool, node: IPAddress
  ) throws(PacketQuestionError) -> (socket: SocketAddress, words: String) {
    let all = ServiceAccess.allCases
    if let access {
      if let found = address(by: access, node: node) { return found }
      let others = all.filter { address(by: $0, node: node) != nil }.map(\.rawValue)
        .joined(separator: ", ")
      throw PacketQuestionError(
        "--via \(access.rawValue): \(report.port) is not reached so"
          + (others.isEmpty ? "" : ", but by --via \(others)"))
    }
    let order: [ServiceAccess] =
      isOutside ? [.loadbalancer, .external, .nodeport, .cluster] : [.cluster, .nodeport]
    guard let best = (order + all).lazy.compactMap({ address(by: $0, node: node) }).first else {
      throw PacketQuestionError("DST: no rule says at which address \(report.port) is reached")
    }
    return best
  }

  private func address(
    by access: ServiceAccess, node: IPAddress
  ) -> (socket: SocketAddress, words: String)? {
    let kinds: [ServiceAddress.Kind]
    switch access {
    case .cluster: kinds = [.clusterIP]
    case .external: kinds = [.externalIP, .unknown]
    case .loadbalancer: kinds = [.loadBalancerIP]
    case .nodeport:
      return report.nodePorts.first.map {
        (SocketAddress(address: node, port: $0), "NodePort \($0)")
      }
    }
    let address = kinds.lazy.compactMap { kind in
      report.addresses.first { $0.kind == kind }
    }.first
    return address.map { address in
      let socket = SocketAddress(address: address.address, port: address.port)
      return (socket, "\(address.kind.words) \(socket)")
    }
  }

  fileprivate var transport: PacketProtocol { PacketProtocol(report.port) }
}

extension ServicePort {
  /// As an argument names it without doubt: `default/dns:dns/udp`.
  fileprivate var argument: String {
    transport == .tcp ? description : "\(self)/\(PacketProtocol(self).rawValue)"
  }
}
