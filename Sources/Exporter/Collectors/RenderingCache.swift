internal import Exposition
private import Platform
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

    func kept(_ key: Key, _ revision: [UInt64]?) -> [[UInt8]]? {
      guard let revision, let kept = renderings[key], kept.revision == revision else { return nil }
      return kept.segments
    }
  }

  private let storage = Mutex(Storage())

  /// What is kept of the parts, and is of their revision, or else what they write now. A part without a
  /// revision is not kept.
  ///
  /// Where much is to be written, all processors take part.
  func segments(
    of parts: [Part], _ collector: CollectorName, _ format: ExpositionFormat
  ) -> [[UInt8]] {
    let keys = parts.map { Key(format: format, collector: collector, part: $0.name) }
    let unwritten = storage.withLock { storage in
      zip(keys, parts).reduce(0) { size, pair in
        if storage.kept(pair.0, pair.1.revision) != nil { return size }
        return size + (storage.sizes[pair.0] ?? []).reduce(0, +)
      }
    }
    let workers = unwritten < Self.largeSize ? 1 : ProcessLimits.processors
    let rendered = Parallel.map(count: parts.count, workers: workers) { _ in
    } _: { index, _ in
      segments(keys[index], of: parts[index])
    }
    return Array(rendered.joined())
  }

  /// Beyond so many bytes a second processor is worth its waking.
  private static let largeSize = 1 << 20

  private func segments(_ key: Key, of part: Part) -> [[UInt8]] {
    let (kept, sizes) = storage.withLock {
      ($0.kept(key, part.revision), $0.sizes[key] ?? [])
    }
    if let kept { return kept }
    var writer = ExpositionWriter(key.format, expectedSizes: sizes)
    part.write(&writer)
    let segments = writer.finish()
    guard let revision = part.revision else { return segments }
    storage.withLock { storage in
      storage.renderings[key] = Rendering(revision: revision, segments: segments)
      storage.sizes[key] = segments.map(\.count)
    }
    return segments
  }

  /// Lets go of everything, when the next reading is about to need the memory.
  func clear() { storage.withLock { $0.renderings.removeAll() } }
}
