internal import Exposition
internal import Synchronization

/// Keeps what was last rendered, so that scrapes that share a reading share its rendering too, and what
/// did not change from one reading to the next is not rendered again.
final class RenderingCache: Sendable {
  struct Key: Hashable {
    let format: ExpositionFormat
    let collector: CollectorName
    let part: Part.Name
  }

  private struct Rendering {
    let revision: [UInt64]
    let segments: [[UInt8]]
  }

  private struct Storage {
    var renderings: [Key: Rendering] = [:]
    /// How many bytes the segments had when last rendered.
    var sizes: [Key: [Int]] = [:]
  }

  private let storage = Mutex(Storage())

  /// What is kept under the key and is of that revision, or else what `render` makes, given the sizes
  /// to expect. Without a revision nothing is kept.
  func segments(
    _ key: Key, revision: [UInt64]?, render: ([Int]) -> [[UInt8]]
  ) -> [[UInt8]] {
    let (kept, sizes) = storage.withLock { ($0.renderings[key], $0.sizes[key] ?? []) }
    if let kept, kept.revision == revision { return kept.segments }
    let segments = render(sizes)
    guard let revision else { return segments }
    storage.withLock { storage in
      storage.renderings[key] = Rendering(revision: revision, segments: segments)
      storage.sizes[key] = segments.map(\.count)
    }
    return segments
  }

  /// Lets go of everything, when the next reading is about to need the memory.
  func clear() { storage.withLock { $0.renderings.removeAll() } }
}
