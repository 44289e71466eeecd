internal import Exposition
private import Platform
internal import Synchronization

/// Keeps what was last rendered, so that scrapes that share a reading share its rendering too, and what
/// did not change from one reading to the next is not rendered again.
final class RenderingCache: Sendable {
  private struct Rendering {
    var kept: [Part.Key: [[UInt8]]] = [:]
    /// For each part, how many bytes its segments had.
    var sizes: [[Int]] = []
  }

  /// What somebody asks for.
  private struct Name: Hashable {
    let format: ExpositionFormat
    let collector: Collector
  }

  private let last = Mutex<[Name: Rendering]>([:])

  /// Returns the segments of the parts. Parts that are not kept are written now. For each collector and format,
  /// the parts of the last call are kept.
  ///
  /// If much has to be written, all processors write.
  func segments(
    of parts: [Part], _ collector: Collector, _ format: ExpositionFormat
  ) -> [[UInt8]] {
    let name = Name(format: format, collector: collector)
    let former = last.withLock { $0[name] ?? Rendering() }
    var segments = parts.map { part in part.key.flatMap { former.kept[$0] } }
    let unwritten = segments.indices.filter { segments[$0] == nil }
    let sizes = unwritten.map { former.sizes.indices.contains($0) ? former.sizes[$0] : [] }
    let size = sizes.reduce(0) { $0 + $1.reduce(0, +) }
    let workers = size < Self.largeSize ? 1 : ProcessLimits.processors
    let written = Parallel.map(count: unwritten.count, workers: workers) { _ in
    } _: { index, _ in
      var writer = ExpositionWriter(format, expectedSizes: sizes[index])
      parts[unwritten[index]].write(&writer)
      return writer.finish()
    }
    for (index, part) in zip(unwritten, written) { segments[index] = part }
    var rendering = Rendering()
    for (part, segments) in zip(parts, segments) {
      if let key = part.key { rendering.kept[key] = segments }
      rendering.sizes.append(segments?.map(\.count) ?? [])
    }
    last.withLock { $0[name] = rendering }
    return segments.flatMap { $0 ?? [] }
  }

  /// Beyond so many bytes a second processor is worth its waking.
  private static let largeSize = 1 << 20

  /// Lets go of what was rendered, when the next reading is about to need the memory.
  func clear() {
    last.withLock { last in
      for name in Array(last.keys) { last[name]?.kept.removeAll() }
    }
  }
}

/// Families, or a part of a large one, that are rendered again when something about them changed.
struct Part: Sendable {
  /// Nil for what is not to be kept.
  let key: Key?
  let write: @Sendable (inout ExpositionWriter) -> Void

  /// What a part is, and what it is made from: equal keys of a collector mean equal bytes.
  struct Key: Hashable, Sendable {
    /// Which families it holds.
    let content: Content
    /// Which block of service ports; nil for what isn't in blocks.
    var block: Block?
    /// The objects that the bytes are made from.
    let origin: [Identity]
  }

  struct Block: Hashable, Sendable {
    let number: Int
    let isFirst: Bool
  }

  enum Content: Hashable, Sendable {
    case gauges, changes, rewrites, moves, totals, connections, shares, packets, bytes, omitted,
      accounts
  }

  /// The identity of an object that never changes. Equal contents are not enough.
  struct Identity: Hashable, Sendable {
    private let object: any AnyObject & Sendable

    init(_ object: any AnyObject & Sendable) { self.object = object }

    static func == (left: Self, right: Self) -> Bool { left.object === right.object }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(object)) }
  }

  /// A part that is not kept.
  init(write: @escaping @Sendable (inout ExpositionWriter) -> Void) {
    key = nil
    self.write = write
  }

  init(
    _ content: Content, of block: Block? = nil, from origin: [any AnyObject & Sendable],
    write: @escaping @Sendable (inout ExpositionWriter) -> Void
  ) {
    key = Key(content: content, block: block, origin: origin.map(Identity.init))
    self.write = write
  }
}
