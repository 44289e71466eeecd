internal import Exposition

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
