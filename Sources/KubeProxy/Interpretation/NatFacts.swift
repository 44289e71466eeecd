internal import Netfilter
internal import Platform

/// What each chain of a nat table says by itself, and where the chains lead. This is the first of two steps;
/// ``ServiceAttribution`` is the second.
///
/// What a chain says comes from its name and its rules and from nothing else. So it is copied from an earlier
/// table that has the same chain.
final class NatFacts: Sendable {
  let content: TableContent
  let stages: [ChainStage]
  let translations: EndpointTranslations
  /// For each chain, the names of those that its rules lead to, each once, as hashes that are seeded in each
  /// process.
  fileprivate let jumps: PackedLists<Int>
  let graph: ChainGraph
  /// The positions of the chains that dispatch.
  let dispatchChains: [Int]

  /// - Parameters:
  ///   - pairing: The pairs of chains of this table and the earlier one.
  ///   - former: The facts of an earlier table.
  init(_ content: TableContent, _ pairing: ChainPairing, _ former: NatFacts?) {
    self.content = content
    // Copying is not worth a second processor.
    let read = Parallel.mapPieces(of: content.chains.count, isLarge: pairing.changesMuch) {
      ChainFactsReader(content, pairing, former)
    } _: { chains, reader in
      reader.read(chains)
    }
    // A new list has no more room than it needs.
    var all = read.count == 1 ? read[0] : ChainFacts(chainCount: content.chains.count)
    if read.count > 1 { for piece in read { all.append(piece) } }
    stages = all.stages
    translations = all.translations
    jumps = all.jumps
    graph = ChainGraph(content, all)
    dispatchChains = all.stages.indices.filter { all.stages[$0] == .dispatch }
  }

  /// The positions of the service ports' and endpoints' chains that no chain of another kind leads to,
  /// neither by itself nor through others; ascending.
  var orphans: [Int32] {
    var isReached = stages.map { $0 == .outside || $0 == .dispatch }
    var pending: [Int32] = []
    for chain in stages.indices where isReached[chain] { pending.append(Int32(chain)) }
    while let index = pending.popLast() {
      for target in graph[Int(index)] where !isReached[Int(target)] {
        isReached[Int(target)] = true
        pending.append(target)
      }
    }
    return isReached.indices.filter { !isReached[$0] }.map(Int32.init)
  }
}

extension ChainPairing {
  /// Whether so many chains changed that several processors should read them.
  var changesMuch: Bool { changed.count >= Parallel.pieceSize }
}

/// Facts of chains in a row.
private struct ChainFacts {
  var stages: [ChainStage] = []
  var translations = EndpointTranslations()
  var jumps = PackedLists<Int>()

  init(chainCount: Int) {
    stages.reserveCapacity(chainCount)
    translations.reserveCapacity(chainCount)
    jumps.reserveCapacity(chainCount)
  }

  mutating func append(_ other: ChainFacts) {
    stages += other.stages
    translations.append(other.translations, 0..<other.stages.count)
    jumps.append(other.jumps, 0..<other.stages.count)
  }
}

private struct ChainFactsReader {
  private let content: TableContent
  private let pairing: ChainPairing
  private let former: NatFacts?
  /// Used again for each chain.
  private var translations: [EndpointTranslations.Translation] = []
  /// The jumps of the chain that is being read, if it leads to many.
  private var seen: Set<Int> = []

  init(_ content: TableContent, _ pairing: ChainPairing, _ former: NatFacts?) {
    self.content = content
    self.pairing = pairing
    self.former = former
  }

  mutating func read(_ chains: Range<Int>) -> ChainFacts {
    var facts = ChainFacts(chainCount: chains.count)
    var chain = chains.lowerBound
    while chain < chains.upperBound {
      if let former, let position = pairing.unchanged(chain) {
        // Nearly all chains stand in the order in which they stood.
        var end = 1
        while chain + end < chains.upperBound, pairing.unchanged(chain + end) == position + end {
          end += 1
        }
        let run = position..<position + end
        facts.stages += former.stages[run]
        facts.translations.append(former.translations, run)
        facts.jumps.append(former.jumps, run)
        chain += end
      } else {
        read(chain, into: &facts)
        chain += 1
      }
    }
    return facts
  }

  private mutating func read(_ chain: Int, into facts: inout ChainFacts) {
    let stage = ChainStage(content.chains[chain].name)
    facts.stages.append(stage)
    let rules = content.chains[chain].rules
    translations.removeAll(keepingCapacity: true)
    for position in 0..<rules.count {
      switch rules.outcome(at: position) {
      case .chain(let name) where ChainRole.mayBeService(name):
        add(name.hashValue, to: &facts.jumps)
      case .destinationNAT(let translation) where stage == .endpoint:
        translations.append(
          EndpointTranslations.Translation(
            rule: Int32(position), destination: TranslatedDestination(translation)))
      default: break
      }
    }
    facts.jumps.endList()
    if !seen.isEmpty { seen.removeAll() }
    facts.translations.append(translations)
  }

  private mutating func add(_ name: Int, to jumps: inout PackedLists<Int>) {
    let known = jumps.open
    // A chain that leads to many is searched by hash.
    if known.count < 16 {
      if known.contains(name) { return }
    } else {
      if seen.isEmpty { seen = Set(known) }
      guard seen.insert(name).inserted else { return }
    }
    jumps.append(name)
  }
}

/// Lists of numbers, one behind the other in one array.
struct PackedLists<Number: FixedWidthInteger & Sendable>: Sendable {
  private var numbers: [Number] = []
  /// For each list, where it ends.
  private var ends: [Int32] = []

  mutating func reserveCapacity(_ listCount: Int) {
    numbers.reserveCapacity(listCount + listCount / 4)
    ends.reserveCapacity(listCount)
  }

  subscript(index: Int) -> ArraySlice<Number> {
    numbers[(index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])]
  }

  /// The numbers of the list that has no end yet.
  var open: ArraySlice<Number> { numbers[Int(ends.last ?? 0)...] }

  /// Appends a number to the open list.
  mutating func append(_ number: Number) { numbers.append(number) }

  mutating func endList() { ends.append(Int32(numbers.count)) }

  /// Appends lists of another.
  mutating func append(_ other: Self, _ lists: Range<Int>) {
    guard let last = lists.last else { return }
    let start = lists.lowerBound == 0 ? 0 : other.ends[lists.lowerBound - 1]
    let shift = Int32(numbers.count) - start
    numbers += other.numbers[Int(start)..<Int(other.ends[last])]
    for list in lists { ends.append(other.ends[list] + shift) }
  }
}

/// The service ports' and endpoints' chains that each chain of a table leads to.
struct ChainGraph: Sendable {
  /// For each chain, the positions of those that it leads to, each once.
  private var targets = PackedLists<Int32>()

  /// Finds the chains by their names' hashes.
  fileprivate init(_ content: TableContent, _ facts: ChainFacts) {
    let chains = content.chains
    let names = chains.indices.map { chains[$0].name.hashValue }
    // A hash table of positions. A dictionary would take five times the memory.
    let width = Int.bitWidth - (2 * names.count).leadingZeroBitCount
    let mask = 1 << width - 1
    var slots = [OptionalIndex](repeating: .none, count: mask + 1)
    for position in names.indices
    where facts.stages[position] == .service || facts.stages[position] == .endpoint {
      var slot = names[position] & mask
      while slots[slot] != .none { slot = (slot + 1) & mask }
      slots[slot] = OptionalIndex(position)
    }
    targets.reserveCapacity(names.count)
    for chain in names.indices {
      for hash in facts.jumps[chain] {
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
