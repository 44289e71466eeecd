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
    let (kept, sizes) = storage.withLock { storage in
      (
        zip(keys, parts).map { storage.kept($0, $1.revision) }, keys.map { storage.sizes[$0] ?? [] }
      )
    }
    var segments = kept
    let unwritten = segments.indices.filter { segments[$0] == nil }
    let size = unwritten.reduce(0) { $0 + sizes[$1].reduce(0, +) }
    let workers = size < Self.largeSize ? 1 : ProcessLimits.processors
    let written = Parallel.map(count: unwritten.count, workers: workers) { _ in
    } _: { index, _ in
      var writer = ExpositionWriter(format, expectedSizes: sizes[unwritten[index]])
      parts[unwritten[index]].write(&writer)
      return writer.finish()
    }
    storage.withLock { storage in
      for (index, part) in zip(unwritten, written) {
        segments[index] = part
        guard let revision = parts[index].revision else { continue }
        storage.renderings[keys[index]] = Rendering(revision: revision, segments: part)
        storage.sizes[keys[index]] = part.map(\.count)
      }
    }
    return segments.flatMap { $0 ?? [] }
  }

  /// Beyond so many bytes a second processor is worth its waking.
  private static let largeSize = 1 << 20

  /// Lets go of everything, when the next reading is about to need the memory.
  func clear() { storage.withLock { $0.renderings.removeAll() } }
}
