/// Which service ports lead to each endpoint's chain: nearly always one.
struct EndpointUsers {
  /// For each chain, the last service port that was found to lead to it.
  private var last: [Int32]
  /// The ones before, where there are several.
  private var others: [Int: [Int32]] = [:]

  init(chainCount: Int) { last = Array(repeating: ServiceMap.unowned, count: chainCount) }

  /// Notes that a service port leads to a chain; false where that is known.
  ///
  /// Each service port's are noted in one go.
  mutating func insert(_ service: Int32, of chain: Int) -> Bool {
    let known = last[chain]
    guard known != service else { return false }
    if known >= 0 { others[chain, default: []].append(known) }
    last[chain] = service
    return true
  }

  func isUsed(_ chain: Int) -> Bool { last[chain] >= 0 }

  /// The service port that leads to the chain, where it is only one.
  func only(of chain: Int) -> Int32? { others[chain] == nil ? last[chain] : nil }

  func contains(_ service: Int32, of chain: Int) -> Bool {
    last[chain] == service || others[chain]?.contains(service) ?? false
  }

  /// The first that fulfils the condition.
  func first(of chain: Int, where condition: (Int32) -> Bool) -> Int32? {
    if condition(last[chain]) { return last[chain] }
    return others[chain]?.first(where: condition)
  }
}
