import Netfilter

extension Scrape {
  /// The labels of a service port: `namespace/name:port`, a space and the protocol.
  static func service(
    _ text: String, _ family: IPFamily = .ipv4, and more: Labels = [:]
  ) -> Labels {
    let words = text.split(separator: " ")
    let names = words[0].split(separator: "/")
    let ports = names[1].split(separator: ":")
    let labels = [
      "ip_family": family.rawValue, "service_namespace": String(names[0]),
      "service_name": String(ports[0]), "service_port": ports.count > 1 ? String(ports[1]) : "",
      "protocol": words.count > 1 ? String(words[1]) : "TCP",
    ]
    return labels.merging(more) { $1 }
  }

  /// The value of a service port's series.
  func service(
    _ text: String, _ name: String, _ family: IPFamily = .ipv4, and more: Labels = [:]
  ) -> Double? {
    self["iptables_service_" + name, Self.service(text, family, and: more)]
  }

  /// The service ports that have a value other than 0, as `namespace/name:port protocol`.
  func nonzeroServices(_ name: String, where labels: Labels = [:]) -> [String: Double] {
    var values: [String: Double] = [:]
    for (series, value) in all("iptables_service_" + name)
    where value != 0 && labels.allSatisfy({ series[$0.key] == $0.value }) {
      values[Self.text(of: series), default: 0] += value
    }
    return values
  }

  /// The service ports of a family that have series.
  func services(_ family: IPFamily = .ipv4) -> Set<String> {
    let series = all("iptables_service_sep_chains").keys
    return Set(series.filter { $0["ip_family"] == family.rawValue }.map(Self.text))
  }

  private static func text(of labels: Labels) -> String {
    let port = labels["service_port", default: ""]
    let name = labels["service_namespace", default: ""] + "/" + labels["service_name", default: ""]
    return "\(name)\(port.isEmpty ? "" : ":" + port) \(labels["protocol", default: ""])"
  }
}
