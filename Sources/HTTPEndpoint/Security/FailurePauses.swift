/// The pauses that clients have to keep after passwords that were wrong.
///
/// With each wrong password the pause doubles, up to a minute. It is forgotten a minute after it has
/// ended, or with the first password that is right.
struct FailurePauses {
  private struct Pause {
    var failures: Int
    var end: ContinuousClock.Instant
  }

  private static let longest = Duration.seconds(60)

  private let first: Duration
  private let capacity: Int
  private var pauses: [String: Pause] = [:]

  /// - Parameters:
  ///   - first: The first pause of a client; zero for none at all.
  ///   - capacity: How many clients are remembered.
  init(first: Duration, capacity: Int) {
    self.first = first
    self.capacity = capacity
  }

  /// Whether a client has to wait.
  func applies(to client: String, at now: ContinuousClock.Instant = .now) -> Bool {
    pauses[client].map { now < $0.end } ?? false
  }

  /// Takes note of a wrong password.
  mutating func addFailure(of client: String, at now: ContinuousClock.Instant = .now) {
    guard first > .zero else { return }
    if pauses[client] == nil, pauses.count >= capacity { makeRoom(at: now) }
    let known = pauses[client].flatMap { now < $0.end + Self.longest ? $0.failures : nil } ?? 0
    let length = min(first * (1 << min(known, 16)), Self.longest)
    pauses[client] = Pause(failures: known + 1, end: now + length)
  }

  /// Takes note of a right password.
  mutating func forget(_ client: String) {
    pauses[client] = nil
  }

  /// Forgets who may be forgotten, or else whose pause ends first.
  private mutating func makeRoom(at now: ContinuousClock.Instant) {
    pauses = pauses.filter { now < $0.value.end + Self.longest }
    guard pauses.count >= capacity else { return }
    if let next = pauses.min(by: { $0.value.end < $1.value.end }) { pauses[next.key] = nil }
  }

  /// Who is one client: an IPv4 address, or an IPv6 network of 64 bits, which is what a host gets.
  static func client(at address: String) -> String {
    guard address.contains(":") else { return address }
    let fields = address.split(separator: "%")[0].split(
      separator: ":", omittingEmptySubsequences: false)
    // Where there is a `::`, what stands on either side of it.
    let left = Array(fields.prefix { !$0.isEmpty })
    let right =
      left.count == fields.count
      ? []
      : fields.suffix(from: fields.lastIndex(of: "") ?? 0)
        .filter { !$0.isEmpty }
    let zeroes = Array(repeating: Substring("0"), count: max(0, 8 - left.count - right.count))
    return (left + zeroes + right).prefix(4).joined(separator: ":")
  }
}
