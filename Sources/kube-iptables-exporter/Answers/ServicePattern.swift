internal import ArgumentParser
internal import KubeProxy
internal import Platform

/// A regular expression on `namespace/name`, checked once.
struct ServicePattern {
  let expression: RegularExpression

  init(_ text: String) throws {
    do {
      expression = try RegularExpression(text)
    } catch {
      throw ValidationError("not a regular expression: \(error)")
    }
  }
}

/// Matches service ports with a pattern; what it said of a name it remembers.
final class ServiceMatcher {
  private let expression: RegularExpression
  private var budget = MatchingBudget()
  private var verdicts: [String: Bool] = [:]
  /// Why it isn't known of a service port whether it matches.
  private var failure: MatchingError?

  init(_ pattern: ServicePattern) { expression = pattern.expression }

  func matches(_ port: ServicePort) -> Bool {
    let name = "\(port.namespace)/\(port.name)"
    if let known = verdicts[name] { return known }
    var matches = false
    do throws(MatchingError) {
      matches = try expression.firstMatch(in: name, within: &budget) != nil
    } catch {
      failure = failure ?? error
    }
    verdicts[name] = matches
    return matches
  }

  /// - Throws: ``ReadingFailure`` where a service port may be missing in what was selected.
  func finish() throws(ReadingFailure) {
    if let failure { throw ReadingFailure(description: "\(failure)") }
  }
}
