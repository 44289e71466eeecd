/// How large a rule set to measure: `SERVICESxENDPOINTS`, and what the exporter may use for it.
struct RulesetSize: Equatable {
  let services: Int
  let endpoints: Int

  init(services: Int, endpoints: Int) {
    self.services = services
    self.endpoints = endpoints
  }

  init?(argument: String) {
    let numbers = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let services = numbers[0], let endpoints = numbers[1],
      (1...20_000).contains(services), (1...100).contains(endpoints)
    else { return nil }
    self.init(services: services, endpoints: endpoints)
  }

  static let medium = RulesetSize(services: 1000, endpoints: 4)
  static let large = RulesetSize(services: 5000, endpoints: 4)

  /// The limit of the exporter's peak memory in MB (10⁶ bytes); `nil` where none is set.
  var peakMemoryLimit: Double? {
    switch self {
    case .medium: 45
    case .large: 130
    default: nil
    }
  }
}

extension RulesetSize: CustomStringConvertible {
  var description: String { "\(services)x\(endpoints)" }
}
