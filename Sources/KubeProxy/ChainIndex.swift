internal import Netfilter

/// Finds chains by name: their positions, sorted by it.
struct ChainIndex: Sendable {
  private let content: TableContent
  private let order: [Int32]

  init(_ content: TableContent) {
    self.content = content
    // libiptc's chains are sorted already but for the built-in ones, which costs the sort nothing.
    order = (0..<Int32(content.chains.count)).sorted {
      content.chains[Int($0)].name < content.chains[Int($1)].name
    }
  }

  /// Where the chain of that name stands; nil where there is none.
  func position(of name: ChainName) -> Int? {
    var range = order.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      let candidate = content.chains[Int(order[middle])].name
      if candidate == name { return Int(order[middle]) }
      if candidate < name {
        range = (middle + 1)..<range.upperBound
      } else {
        range = range.lowerBound..<middle
      }
    }
    return nil
  }
}
