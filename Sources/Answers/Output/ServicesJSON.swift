public import Console
internal import KubeProxy
internal import Netfilter

/// Service ports for machines, as Documentation/answers.md describes them.
public struct ServicesJSON {
  /// Rises when a member is renamed, removed, or means something else; not when one is added.
  static let version = 1

  private let list: ServiceList

  public init(_ list: ServiceList) { self.list = list }

  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("version", .integer(Self.version))
      writer.member("rules", .string(list.name))
      writer.member("mode", .string(list.mode.rawValue))
      writer.member(
        "unnamed_chains",
        object: { writer in
          writer.member("without_name", .integer(list.unnamed.withoutName))
          writer.member("contradicted", .integer(list.unnamed.contradicted))
        })
      writer.member("services", objects: list.services) { $0.write(to: &$1) }
    }
  }
}

extension ServiceReport {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("service", strings: port.parts)
    writer.member("ip_family", .string(family.rawValue))
    writer.member("addresses", objects: addresses) { $0.write(to: &$1) }
    writer.member("node_ports", elements: nodePorts.map { .integer(Int($0)) })
    writer.member("blocked", elements: blocked.map { .string($0.rawValue) })
    writer.member(
      "blocked_traffic",
      objects: BlockReason.allCases.flatMap { reason in
        blockedTraffic.origins(reason).map { BlockedTraffic(reason, $0) }
      }
    ) { traffic, writer in
      writer.member("reason", .string(traffic.reason.rawValue))
      writer.member("traffic", .string(traffic.origin.rawValue))
    }
    writer.member("session_affinity_seconds", elements: affinity.map { .integer(Int($0)) })
    writer.member("connections", .count(connections))
    writer.member("nat_rules", .integer(natRules))
    writer.member("filter_rules", .integer(filterRules))
    writer.member("balancing", objects: balancing) { $0.write(to: &$1) }
    writer.member("dispatch", objects: dispatch) { $0.write(to: &$1) }
    writer.member("chains", objects: chains) { $0.write(to: &$1) }
  }
}

extension ServiceAddress {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("kind", .string(kind.rawValue))
    writer.member("address", .string("\(address)"))
    writer.member("port", .integer(Int(port)))
  }
}

extension ServiceReport.Balancing {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("chain", .text(chain.bytes))
    writer.member("endpoints", objects: endpoints) { $0.write(to: &$1) }
  }
}

extension ServiceReport.Endpoint {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("chain", .text(chain.bytes))
    writer.member("destinations", elements: destinations.map { .string($0) })
    writer.member("share", .number(share))
    writer.member("connections", .count(connections))
  }
}

extension ServiceReport.Rules {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("table", .string(table.rawValue))
    writer.member("chain", .text(chain.bytes))
    writer.member("rules", objects: rules) { rule, writer in
      writer.member("position", .integer(rule.position))
      writer.member("text", .text(rule.text))
    }
  }
}

extension JSONWriter.Scalar {
  /// A counter, which only a kernel that counts for millennia can make too large.
  fileprivate static func count(_ number: UInt64) -> Self { .integer(Int(clamping: number)) }
}
