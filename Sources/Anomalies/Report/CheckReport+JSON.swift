public import Console
internal import KubeProxy
internal import Netfilter

extension CheckReport {
  /// For machines; Documentation/answers.md describes it.
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("version", .integer(1))
      json.member("readings", objects: readings) { $0.write(to: &$1) }
      json.member("failures", objects: failures) { $0.write(to: &$1) }
    }
  }
}

extension CheckReport.Reading {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("source", .string(source))
    json.member("backend", .string(snapshot.backend.rawValue))
    json.member("ip_family", .string(snapshot.family.rawValue))
    json.member("mode", .string(mode.rawValue))
    json.member("tables", elements: snapshot.tables.map { .string($0.name.rawValue) })
    json.member("rules", .integer(ruleCount))
    json.member("service_ports", .integer(servicePorts))
    json.member(
      "unnamed_chains",
      object: { json in
        json.member("without_name", .integer(unnamed.withoutName))
        json.member("contradicted", .integer(unnamed.contradicted))
      })
    json.member("anomalies", objects: findings) { $0.write(to: &$1) }
  }
}

extension CheckReport.Failure {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("source", .string(source))
    json.member("message", .string(message))
  }
}

extension Finding {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("anomaly", .string(anomaly.rawValue))
    json.member("severity", .string(anomaly.severity.rawValue))
    json.member("table", .string(table.rawValue))
    json.member("chains", elements: chains.map { .text($0.bytes) })
    json.member("service", strings: servicePort?.parts)
    json.member("detail", .string(detail))
    json.member("rules", objects: rules) { place, json in
      json.member("chain", .text(place.chain.bytes))
      json.member("position", .integer(place.position + 1))
      json.member("rule", .text(place.rule.bytes(in: place.chain)))
    }
    json.member("title", .string(anomaly.title))
    json.member("reason", .string(anomaly.reason))
    json.member("advice", .string(anomaly.advice))
  }
}
