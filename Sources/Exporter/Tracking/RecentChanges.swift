/// The keys whose totals changed of late, so that who knows the totals of a while ago need not look them
/// all up again.
struct RecentChanges<Key: Hashable & Sendable>: Sendable {
  /// The revision of the totals behind which all changed keys are known.
  private(set) var start: UInt64 = 0
  private(set) var keys: Set<Key> = []

  /// Beyond so many, looking everything up costs no more.
  private static var capacity: Int { 256 }

  /// Notes that a revision begins; to be called before its keys are noted.
  mutating func begin(_ revision: UInt64) {
    guard keys.count > Self.capacity else { return }
    keys.removeAll()
    start = revision - 1
  }

  mutating func insert(_ key: Key) { keys.insert(key) }
}
