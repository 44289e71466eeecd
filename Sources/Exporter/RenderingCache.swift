internal import Exposition
internal import Synchronization

/// Keeps what was rendered from the latest reading, so that scrapes that share a reading share its
/// rendering too.
final class RenderingCache: Sendable {
  struct Key: Hashable {
    let reading: UInt64
    let format: ExpositionFormat
    let collector: CollectorName
  }

  private struct Storage {
    var renderings: [Key: [[UInt8]]] = [:]
    /// How many bytes the segments had when last rendered, whatever the reading.
    var sizes: [CollectorName: [Int]] = [:]
  }

  private let storage = Mutex(Storage())

  /// What is kept under the key, or else what `render` makes, given the sizes to expect.
  func segments(_ key: Key, render: ([Int]) -> [[UInt8]]) -> [[UInt8]] {
    let (kept, sizes) = storage.withLock {
      ($0.renderings[key], $0.sizes[key.collector] ?? [])
    }
    if let kept { return kept }
    let segments = render(sizes)
    storage.withLock { storage in
      storage.renderings[key] = segments
      storage.sizes[key.collector] = segments.map(\.count)
    }
    return segments
  }

  /// Lets go of everything, when the next reading is about to need the memory.
  func clear() { storage.withLock { $0.renderings.removeAll() } }
}
