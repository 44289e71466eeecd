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
      writer.member(
        "services",
        array: { writer in
          for service in list.services { writer.object { service.write(to: &$0) } }
        })
    }
  }
}

extension ServiceReport {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("service", port)
    writer.member("ip_family", .string(family.rawValue))
    writer.member(
      "addresses",
      array: { writer in
        for address in addresses { writer.object { address.write(to: &$0) } }
      })
    writer.member(
      "node_ports",
      array: { writer in
        for port in nodePorts { writer.element(.integer(Int(port))) }
      })
    writer.member(
      "blocked",
      array: { writer in
        for reason in blocked { writer.element(.string(reason.rawValue)) }
      })
    writer.member(
      "session_affinity_seconds",
      array: { writer in
        for seconds in affinity { writer.element(.integer(Int(seconds))) }
      })
    writer.member("connections", .count(connections))
    writer.member("nat_rules", .integer(natRules))
    writer.member("filter_rules", .integer(filterRules))
    writer.member(
      "balancing",
      array: { writer in
        for chain in balancing { writer.object { chain.write(to: &$0) } }
      })
    writer.member(
      "dispatch",
      array: { writer in
        for rules in dispatch { writer.object { rules.write(to: &$0) } }
      })
    writer.member(
      "chains",
      array: { writer in
        for rules in chains { writer.object { rules.write(to: &$0) } }
      })
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
    writer.member(
      "endpoints",
      array: { writer in
        for endpoint in endpoints { writer.object { endpoint.write(to: &$0) } }
      })
  }
}

extension ServiceReport.Endpoint {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("chain", .text(chain.bytes))
    writer.member(
      "destinations",
      array: { writer in
        for destination in destinations { writer.element(.string(destination)) }
      })
    writer.member("share", .number(share))
    writer.member("connections", .count(connections))
  }
}

extension ServiceReport.Rules {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("table", .string(table.rawValue))
    writer.member("chain", .text(chain.bytes))
    writer.member(
      "rules",
      array: { writer in
        for rule in rules {
          writer.object { writer in
            writer.member("position", .integer(rule.position))
            writer.member("text", .text(rule.text))
          }
        }
      })
  }
}

extension JSONWriter.Scalar {
  /// A counter, which only a kernel that counts for millennia can make too large.
  fileprivate static func count(_ number: UInt64) -> Self { .integer(Int(clamping: number)) }
}
