/// Counts distinct destinations, told by their hashes: a handful, nearly always, and then looked through faster than
/// hashed.
struct DistinctDestinations {
  private var few: [Int] = []
  private var many: Set<Int> = []

  var count: Int { few.count + many.count }

  mutating func insert(_ destination: Int) {
    if few.contains(destination) { return }
    if few.count < 16 { few.append(destination) } else { many.insert(destination) }
  }
}
