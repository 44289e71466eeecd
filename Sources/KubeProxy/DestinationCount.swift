/// Counts distinct destinations: a handful, nearly always.
struct DestinationCount {
  private var seen: [TranslatedDestination] = []

  mutating func insert(_ destination: TranslatedDestination) { seen.append(destination) }

  /// The number of distinct destinations; counting starts again.
  mutating func take() -> Int {
    defer { seen.removeAll(keepingCapacity: true) }
    guard seen.count > 1 else { return seen.count }
    seen.sort { $0.bits < $1.bits }
    return 1 + zip(seen, seen.dropFirst()).count { $0 != $1 }
  }
}
