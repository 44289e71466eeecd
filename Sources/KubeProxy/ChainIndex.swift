internal import Netfilter

/// Finds chains by name: a hash table of their positions.
///
/// It lives while a map is made. A dictionary of as many names would take five times the memory.
struct ChainIndex {
  private let content: TableContent
  /// At a name's hash, or behind it: the position of the chain; -1 where there is none.
  private var slots: [Int32]

  init(_ content: TableContent) {
    self.content = content
    let width = Int.bitWidth - (2 * content.chains.count).leadingZeroBitCount
    slots = Array(repeating: -1, count: 1 << width)
    for position in content.chains.indices {
      var slot = firstSlot(content.chains[position].name)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(position)
    }
  }

  /// Where the chain of that name stands; nil where there is none.
  func position(of name: ChainName) -> Int? {
    var slot = firstSlot(name)
    while slots[slot] >= 0 {
      let position = Int(slots[slot])
      if content.chains[position].name == name { return position }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private func firstSlot(_ name: ChainName) -> Int { name.hashValue & (slots.count - 1) }
}
