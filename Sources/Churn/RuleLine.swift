/// A rule's canonical bytes as a key, held where they lie in the list.
struct RuleLine: Hashable {
  private let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// Feeds the bytes eight at a time: one by one, as an array does it, makes the comparison of two
  /// shuffled lists take three times as long.
  func hash(into hasher: inout Hasher) {
    let bytes = bytes.span
    var index = 0
    while index + 8 <= bytes.count {
      var word: UInt64 = 0
      for offset in 0..<8 { word |= UInt64(bytes[index + offset]) << UInt64(8 * offset) }
      hasher.combine(word)
      index += 8
    }
    var tail = UInt64(bytes.count - index)
    while index < bytes.count {
      tail = tail << 8 | UInt64(bytes[index])
      index += 1
    }
    hasher.combine(tail)
  }
}
