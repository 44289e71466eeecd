import NIOCore
import Synchronization

/// The bodies that are on their way to clients, bounded in sum.
///
/// A segment is held once, however many clients receive it, and it is let go when the last of them
/// has been sent it. So slow clients cost memory only where they hold on to what has changed since.
/// Where that exceeds the limit, the slowest clients are cut off.
final class Outbox: Sendable {
  /// The most bytes of a piece. Each that the system has taken is progress, to the write timeout.
  /// The allocator serves larger ones with pages of their own, which the kernel clears each time.
  private static let pieceSize = 32 * 1024
  /// From so many bytes on, no further segment is written until the system has taken them.
  private static let writeSize = 1 << 19

  /// A client that reads less than so many bytes in a second falls behind.
  private static let expectedRate = 256 * 1024

  /// A segment: as it was rendered until somebody is sent it, then as pieces that all are sent.
  fileprivate struct Entry {
    private var bytes: [UInt8]
    private var shared: [ByteBuffer] = []
    var recipients = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The pieces, made at the first use: one segment after the other, so that they use the same memory.
    mutating func pieces() -> [ByteBuffer] {
      if shared.isEmpty {
        shared = stride(from: 0, to: bytes.count, by: Outbox.pieceSize).map {
          ByteBuffer(bytes: bytes[$0..<min($0 + Outbox.pieceSize, bytes.count)])
        }
        bytes = []
      }
      return shared
    }
  }

  /// How far a client may get ahead of the expected rate: the system takes much at first, also for
  /// a client that does not read.
  private static let greatestLead = TimeAmount.seconds(1)

  fileprivate struct Progress {
    let channel: any Channel
    var remaining: ArraySlice<SegmentDigest>
    /// How many of them are being written.
    var segmentsInFlight = 0
    /// Until when the client need not have been sent more.
    private var due = NIODeadline.now()

    init(channel: any Channel, remaining: ArraySlice<SegmentDigest>) {
      self.channel = channel
      self.remaining = remaining
    }

    /// How far the client is behind one that reads at the expected rate; negative if it is faster.
    func lateness(at now: NIODeadline) -> TimeAmount { now - due }

    mutating func note(sentBytes: Int) {
      let time = TimeAmount.milliseconds(Int64(sentBytes) * 1000 / Int64(Outbox.expectedRate))
      due = min(due + time, .now() + Outbox.greatestLead)
    }
  }

  fileprivate struct State {
    var entries: [SegmentDigest: Entry] = [:]
    var byteCount = 0
    var deliveries: [UInt64: Progress] = [:]
    var lastNumber: UInt64 = 0
  }

  private let maxBytes: Int
  private let digester = SegmentDigester()
  private let state = Mutex(State())

  /// - Parameter maxBytes: How many bytes may be held; two of the newest body may be held anyway.
  init(maxBytes: Int) {
    self.maxBytes = maxBytes
  }

  /// The bytes now held, and how many clients they are on their way to.
  var usage: (bytes: Int, deliveries: Int) {
    state.withLock { ($0.byteCount, $0.deliveries.count) }
  }

  /// Takes a body that is to be sent, and cuts off the slowest clients where that is too much.
  func accept(_ body: [[UInt8]], for channel: any Channel) -> Delivery {
    let segments = body.lazy.filter { !$0.isEmpty }.map { (self.digester.digest(of: $0), $0) }
    let parts = Array(segments)
    let bodySize = parts.reduce(0) { $0 + $1.1.count }
    let (number, cut) = state.withLock { state in
      let number = state.add(parts, for: channel)
      let limit = max(maxBytes, 2 * bodySize)
      return (number, state.cutSlowest(downTo: limit, sparing: number))
    }
    cut.forEach { $0.abort() }
    return Delivery(number: number, outbox: self)
  }

  /// Cuts off the slowest client, if it has fallen behind that far.
  ///
  /// - Returns: Its connection, which the caller aborts.
  func cutSlowest(lateBy grace: TimeAmount) -> (any Channel)? {
    state.withLock { state in
      let now = NIODeadline.now()
      let slowest = state.deliveries.max { $0.value.lateness(at: now) < $1.value.lateness(at: now) }
      guard let slowest, slowest.value.lateness(at: now) >= grace else { return nil }
      state.remove(slowest.key)
      return slowest.value.channel
    }
  }

  fileprivate func nextPieces(of number: UInt64) throws(DeliveryCut) -> [ByteBuffer] {
    let pieces = state.withLock { $0.nextPieces(of: number, byteCount: Self.writeSize) }
    guard let pieces else { throw DeliveryCut() }
    return pieces
  }

  fileprivate func note(_ sentBytes: Int, of number: UInt64) {
    state.withLock { $0.deliveries[number]?.note(sentBytes: sentBytes) }
  }

  fileprivate func finishPieces(of number: UInt64) {
    state.withLock { $0.finishPieces(of: number) }
  }

  fileprivate func remove(_ number: UInt64) {
    state.withLock { $0.remove(number) }
  }
}

extension Outbox.State {
  fileprivate mutating func add(
    _ parts: [(SegmentDigest, [UInt8])], for channel: any Channel
  ) -> UInt64 {
    for (digest, bytes) in parts {
      if entries[digest] == nil {
        entries[digest] = Outbox.Entry(bytes)
        byteCount += bytes.count
      }
      entries[digest]?.recipients += 1
    }
    lastNumber += 1
    deliveries[lastNumber] = Outbox.Progress(channel: channel, remaining: parts.map(\.0)[...])
    return lastNumber
  }

  /// - Returns: `nil` where the client was cut off.
  fileprivate mutating func nextPieces(of number: UInt64, byteCount: Int) -> [ByteBuffer]? {
    guard let remaining = deliveries[number]?.remaining else { return nil }
    var pieces: [ByteBuffer] = []
    var (segments, size) = (0, 0)
    for digest in remaining where size < byteCount {
      pieces += entries[digest]?.pieces() ?? []
      size += digest.length
      segments += 1
    }
    deliveries[number]?.segmentsInFlight = segments
    return pieces
  }

  fileprivate mutating func finishPieces(of number: UInt64) {
    guard let progress = deliveries[number] else { return }
    progress.remaining.prefix(progress.segmentsInFlight).forEach { release($0) }
    deliveries[number]?.remaining.removeFirst(progress.segmentsInFlight)
    deliveries[number]?.segmentsInFlight = 0
  }

  /// Cuts off one client after the other, the slowest first, until the bytes are within the limit.
  fileprivate mutating func cutSlowest(downTo limit: Int, sparing newest: UInt64) -> [any Channel] {
    guard byteCount > limit else { return [] }
    let now = NIODeadline.now()
    var cut: [any Channel] = []
    let slowestFirst = deliveries.sorted { $0.value.lateness(at: now) > $1.value.lateness(at: now) }
    for (number, progress) in slowestFirst where number != newest {
      guard byteCount > limit else { break }
      remove(number)
      cut.append(progress.channel)
    }
    return cut
  }

  fileprivate mutating func remove(_ number: UInt64) {
    guard let progress = deliveries.removeValue(forKey: number) else { return }
    progress.remaining.forEach { release($0) }
  }

  fileprivate mutating func release(_ digest: SegmentDigest) {
    guard let entry = entries[digest] else { return }
    if entry.recipients > 1 {
      entries[digest]?.recipients -= 1
    } else {
      entries[digest] = nil
      byteCount -= digest.length
    }
  }
}

/// One body on its way to one client; it ends when nobody refers to it any more.
final class Delivery: Sendable {
  private let number: UInt64
  private let outbox: Outbox

  fileprivate init(number: UInt64, outbox: Outbox) {
    self.number = number
    self.outbox = outbox
  }

  deinit {
    outbox.remove(number)
  }

  /// The pieces of the first segments that were not yet sent; none where all of them were.
  ///
  /// - Throws: ``DeliveryCut`` where the client was cut off.
  func nextPieces() throws(DeliveryCut) -> [ByteBuffer] {
    try outbox.nextPieces(of: number)
  }

  /// Notes that so many bytes were handed to the system.
  func note(sentBytes: Int) {
    outbox.note(sentBytes, of: number)
  }

  /// Lets go of the segments whose pieces ``nextPieces()`` returned.
  func finishPieces() {
    outbox.finishPieces(of: number)
  }
}

/// The client was too slow, and others need the memory.
struct DeliveryCut: Error {}
