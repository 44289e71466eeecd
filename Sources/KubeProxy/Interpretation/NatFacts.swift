public import Netfilter
internal import Platform

/// What each chain of a nat table says by itself, and where the chains lead. This is the first of two steps;
/// ``ServiceAttribution`` is the second.
///
/// What a chain says comes from its name and its rules and from nothing else. So it is copied from an earlier
/// table that has the same chain.
final class NatFacts: Sendable {
  let content: TableContent
  let stages: [ChainStage]
  /// The rules of endpoints' chains that translate the destination: nearly always one.
  let translations: PackedLists<EndpointTranslation>
  /// For each chain, the names of those that its rules lead to, each once, as hashes that are seeded in each
  /// process. Of service ports' and endpoints' chains, KUBE-MARK-MASQ and KUBE-MARK-DROP are left out.
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
    graph = ChainGraph(content.chains, jumps)
    dispatchChains = all.stages.indices.filter { all.stages[$0] == .dispatch }
  }

  /// The positions of the service ports' and endpoints' chains that no chain of another kind leads to,
  /// neither by itself nor through others; ascending.
  var orphans: [Int32] {
    var isReached = [Bool](repeating: false, count: stages.count)
    graph.reach(
      from: stages.indices.filter { stages[$0] == .outside || stages[$0] == .dispatch }, &isReached)
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
  var translations = PackedLists<EndpointTranslation>()
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
    let isEntry = stage == .outside || stage == .dispatch
    facts.stages.append(stage)
    let rules = content.chains[chain].rules
    for position in 0..<rules.count {
      switch rules.outcome(at: position) {
      case .chain(let name) where isEntry || !Self.marking.contains(name):
        add(name.hashValue, to: &facts.jumps)
      case .destinationNAT(let translation) where stage == .endpoint:
        facts.translations.append(
          EndpointTranslation(
            rule: Int32(position), destination: TranslatedDestination(translation)))
      default: break
      }
    }
    facts.jumps.endList()
    if !seen.isEmpty { seen.removeAll() }
    facts.translations.endList()
  }

  /// Where the chains of all service ports lead.
  private static let marking: [ChainName] = [.kubeMarkMasq, .kubeMarkDrop]

  private mutating func add(_ name: Int, to jumps: inout PackedLists<Int>) {
    // By a function of its own: a slice of the list that lives while the list grows has it copied.
    if isNew(name, in: jumps) { jumps.append(name) }
  }

  private mutating func isNew(_ name: Int, in jumps: PackedLists<Int>) -> Bool {
    let known = jumps.open
    // A chain that leads to many is searched by hash.
    if known.count < 16 { return !known.contains(name) }
    if seen.isEmpty { seen = Set(known) }
    return seen.insert(name).inserted
  }
}

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
public struct ChainGraph: Sendable {
  private var targets = PackedLists<Int32>()

  /// Finds the chains by their names.
  public init(of content: TableContent) {
    for chain in content.chains {
      for (_, name) in chain.rules.jumps {
        if let target = content.chainIndex(of: name) { targets.append(Int32(target)) }
      }
      targets.endList()
    }
  }

  /// Finds the chains by their names' hashes, each once.
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
  public subscript(index: Int) -> ArraySlice<Int32> { targets[index] }

  /// Marks some chains and all that they lead to, by themselves or through others. It doesn't look behind a chain
  /// that was marked before.
  ///
  /// - Returns: The chains that it marked. If it started from one, that one is the first.
  @discardableResult
  public func reach(from start: [Int], _ isReached: inout [Bool]) -> [Int] {
    for chain in start { isReached[chain] = true }
    var reached: [Int] = []
    var pending = start
    while let chain = pending.popLast() {
      reached.append(chain)
      for target in self[chain] where !isReached[Int(target)] {
        isReached[Int(target)] = true
        pending.append(Int(target))
      }
    }
    return reached
  }
}
