internal import Netfilter

/// What a rule has counted between two readings of its table.
///
/// The kernel's counters of a rule start again when it is written again. A rule's handle tells that;
/// where the backend has none, packets or bytes that fell do. What the counters of such a rule say came
/// since. What came between the former reading and the new start can't be known; nor, without handles,
/// that there was one where both have risen beyond what they were.
struct CounterGrowth {
  private let old: TableSnapshot
  private let new: TableSnapshot
  private let hasHandles: Bool

  init(from old: TableSnapshot, to new: TableSnapshot) {
    self.old = old
    self.new = new
    hasHandles = !old.handles.isEmpty && !new.handles.isEmpty
  }

  /// What a rule has counted since the former reading, where it was or where its predecessor stood.
  @inline(__always)
  func counted(from oldRule: Int, to newRule: Int) -> Counter {
    let (before, now) = (old.counters[oldRule], new.counters[newRule])
    if hasHandles, old.handles[oldRule] != new.handles[newRule] {
      // Rules that were written with their counters, as by `iptables-restore -c`, go on.
      return now == before ? Counter() : now
    }
    if now.hasFallen(from: before) { return now }
    return Counter(packets: now.packets - before.packets, bytes: now.bytes - before.bytes)
  }
}

extension Counter {
  /// Whether it says less than before: then it has started again.
  func hasFallen(from before: Counter) -> Bool {
    packets < before.packets || bytes < before.bytes
  }

  static func += (sum: inout Counter, more: Counter) {
    sum.packets &+= more.packets
    sum.bytes &+= more.bytes
  }
}
