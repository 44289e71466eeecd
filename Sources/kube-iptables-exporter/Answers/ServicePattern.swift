internal import ArgumentParser
internal import KubeProxy

/// A regular expression on `namespace/name`, checked once.
struct ServicePattern: ExpressibleByArgument {
  private let text: String

  init?(argument: String) {
    guard (try? Regex(argument)) != nil else { return nil }
    text = argument
  }

  /// Tells whether a service port's name matches; what it said of a name it remembers.
  func makeSelection() -> ((ServicePort) -> Bool)? {
    guard let expression = try? Regex(text) else { return nil }
    var verdicts: [String: Bool] = [:]
    return { port in
      let name = "\(port.namespace)/\(port.name)"
      if let known = verdicts[name] { return known }
      let matches = (try? expression.firstMatch(in: name)) != nil
      verdicts[name] = matches
      return matches
    }
  }
}
