internal import Netfilter

/// Lists, one behind the other in one array.
struct PackedLists<Element: Sendable>: Sendable {
  private var elements: [Element] = []
  /// For each list, where it ends.
  private var ends: [Int32] = []

  /// Makes room for so many lists, and as many elements and a quarter more.
  mutating func reserveCapacity(_ listCount: Int) {
    elements.reserveCapacity(listCount + listCount / 4)
    ends.reserveCapacity(listCount)
  }

  subscript(index: Int) -> ArraySlice<Element> {
    elements[(index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])]
  }

  /// The list that has no end yet.
  var open: ArraySlice<Element> { elements[Int(ends.last ?? 0)...] }

  /// Appends to the open list.
  mutating func append(_ element: Element) { elements.append(element) }

  mutating func endList() { ends.append(Int32(elements.count)) }

  /// Appends lists of another.
  mutating func append(_ other: Self, _ lists: Range<Int>) {
    guard let last = lists.last else { return }
    let start = lists.lowerBound == 0 ? 0 : other.ends[lists.lowerBound - 1]
    let shift = Int32(elements.count) - start
    elements += other.elements[Int(start)..<Int(other.ends[last])]
    for list in lists { ends.append(other.ends[list] + shift) }
  }
}

/// The chains that each chain of a table leads to.
struct ChainGraph: Sendable {
  /// For each chain, the positions of those that it leads to, each once.
  private var targets = PackedLists<Int32>()

  /// Finds the chains by their names' hashes.
  ///
  /// - Parameter jumps: For each chain, the hashes of the names that it leads to.
  init(_ chains: [Chain], _ jumps: PackedLists<Int>) {
    let names = chains.indices.map { chains[$0].name.hashValue }
    // A hash table of positions. A dictionary would take five times the memory.
    let width = Int.bitWidth - (2 * names.count).leadingZeroBitCount
    let mask = 1 << width - 1
    var slots = [OptionalIndex](repeating: .none, count: mask + 1)
    for position in names.indices {
      var slot = names[position] & mask
      while slots[slot] != .none { slot = (slot + 1) & mask }
      slots[slot] = OptionalIndex(position)
    }
    targets.reserveCapacity(names.count)
    for chain in names.indices {
      for hash in jumps[chain] {
        var slot = hash & mask
        while let target = slots[slot].index {
          if names[target] == hash {
            targets.append(Int32(target))
            break
          }
          slot = (slot + 1) & mask
        }
      }
      targets.endList()
    }
  }

  /// The positions of the chains that the chain at `index` leads to.
  subscript(index: Int) -> ArraySlice<Int32> { targets[index] }
}
