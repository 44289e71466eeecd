public import Console
internal import KubeProxy
internal import Netfilter

extension CheckReport {
  /// For machines; README.md documents it.
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("version", .integer(1))
      json.member(
        "readings",
        array: { json in
          for reading in readings { json.object { reading.write(to: &$0) } }
        })
      json.member(
        "failures",
        array: { json in
          for failure in failures {
            json.object { json in
              json.member("source", .string(failure.source))
              json.member("message", .string(failure.message))
            }
          }
        })
    }
  }
}

extension CheckReport.Reading {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("source", .string(source))
    json.member("backend", .string(snapshot.backend.rawValue))
    json.member("ip_family", .string(snapshot.family.rawValue))
    json.member(
      "tables",
      array: { json in
        for table in snapshot.tables { json.element(.string(table.name.rawValue)) }
      })
    json.member("rules", .integer(ruleCount))
    json.member("service_ports", .integer(servicePorts))
    json.member(
      "anomalies",
      array: { json in
        for finding in findings { json.object { finding.write(to: &$0) } }
      })
  }
}

extension Finding {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("anomaly", .string(anomaly.rawValue))
    json.member("table", .string(table.rawValue))
    json.member(
      "chains",
      array: { json in
        for chain in chains { json.element(.text(chain.bytes)) }
      })
    if let servicePort {
      json.member(
        "service",
        object: { json in
          json.member("namespace", .string(servicePort.namespace))
          json.member("name", .string(servicePort.name))
          json.member("port", .string(servicePort.port))
          json.member("protocol", .string(servicePort.transport.rawValue))
        })
    } else {
      json.member("service", .null)
    }
    json.member("detail", .string(detail))
    json.member(
      "rules",
      array: { json in
        for place in rules {
          json.object { json in
            json.member("chain", .text(place.chain.bytes))
            json.member("position", .integer(place.position + 1))
            json.member("rule", .text(place.rule.bytes(in: place.chain, family: family)))
          }
        }
      })
    json.member("title", .string(anomaly.title))
    json.member("reason", .string(anomaly.reason))
    json.member("advice", .string(anomaly.advice))
  }
}
