import Netfilter
import TestSupport

/// What kube-proxy must have made of a service port in one address family.
///
/// Worked out from its documentation, for the versions of the fixtures:
/// - A service without a cluster IP of the family has no rules there, and so is none.
/// - Without any endpoint a service port stands in filter only, rejected.
/// - `internalTrafficPolicy: Local` counts from 1.22 on: then the cluster IP has the node's endpoints
///   only. Traffic from outside is balanced over all, also where its policy is Local: for that, the
///   node's own clients are led past it.
/// - A Local policy without an endpoint on the node drops (1.25 on).
/// - A NodePort has one rule. Up to 1.21 one more stands before it, which masquerades; from 1.31 on,
///   in IPv4, one for 127.0.0.0/8, which counts.
struct ServiceExpectation: Equatable {
  let sepChains: Int
  let dnatTargets: Int
  let nodePortRules: Int
  let blocked: Set<String>

  /// Nil for a service port that must not exist.
  init?(_ port: GroundTruth.ServicePort, _ family: IPFamily, minorVersion: Int) {
    guard port.clusterIP(family) != nil else { return nil }
    let all = port.endpointsInUse(family)
    let local = port.localEndpoints(family)
    let isExternal = port.isExternal(family)
    let isInternallyLocal = minorVersion >= 22 && port.internalTrafficPolicy == "Local"
    let isExternallyLocal = isExternal && port.externalTrafficPolicy == "Local"
    let used = isInternallyLocal && !isExternal ? local : all

    sepChains = used.count
    dnatTargets = used.count
    let hasTwoNodePortRules = minorVersion < 22 || minorVersion >= 31 && family == .ipv4
    let hasEndpoints = port.hasEndpoints(family)
    nodePortRules = port.nodePort == nil || !hasEndpoints ? 0 : hasTwoNodePortRules ? 2 : 1
    if !hasEndpoints {
      blocked = ["no_endpoints"]
    } else if minorVersion >= 25, local.isEmpty, isInternallyLocal || isExternallyLocal {
      blocked = ["no_local_endpoints"]
    } else {
      blocked = []
    }
    if used.isEmpty && blocked.isEmpty { return nil }
  }
}

extension GroundTruth.ServicePort {
  /// As ``Scrape/services(_:)`` has it.
  var text: String {
    "\(namespace)/\(name)\(portName.isEmpty ? "" : ":" + portName) \(transport.uppercased())"
  }

  /// Whether traffic from outside the cluster can come by the family.
  fileprivate func isExternal(_ family: IPFamily) -> Bool {
    let addresses = externalIPs + loadBalancerIPs
    return nodePort != nil || addresses.contains { $0.contains(":") == (family == .ipv6) }
  }
}

extension GroundTruth {
  /// The service ports that must exist in a family.
  func expectations(_ family: IPFamily) -> [String: ServiceExpectation] {
    var expectations: [String: ServiceExpectation] = [:]
    for port in servicePorts {
      expectations[port.text] = ServiceExpectation(
        port, family, minorVersion: kubeProxy.minorVersion)
    }
    return expectations
  }
}

extension Scrape {
  /// What the metrics say of a family's service ports.
  func expectations(_ family: IPFamily) -> [String: ServiceExpectation] {
    var expectations: [String: ServiceExpectation] = [:]
    for service in services(family) {
      expectations[service] = ServiceExpectation(service, family, in: self)
    }
    return expectations
  }
}

extension ServiceExpectation {
  fileprivate init(_ service: String, _ family: IPFamily, in scrape: Scrape) {
    func count(_ name: String) -> Int {
      scrape.service(service, name, family).map { Int($0) } ?? -1
    }
    sepChains = count("sep_chains")
    dnatTargets = count("dnat_targets")
    nodePortRules = count("nodeport_rules")
    blocked = Set(
      ["no_endpoints", "no_local_endpoints"].filter {
        scrape.service(service, "blocked", family, and: ["reason": $0]) == 1
      })
  }
}
