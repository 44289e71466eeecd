import NIOCore
import Synchronization

/// The bodies that are on their way to clients, with a limit of their total size.
///
/// A segment is held once, however many clients receive it, and it is dropped when the last of them
/// has received it. So a slow client costs memory only for the segments that have changed since its
/// request. If the total exceeds the limit, the slowest clients are cut off.
final class Outbox: Sendable {
  /// The largest size of a piece. For the write timeout, each piece that the system takes is
  /// progress. Larger pieces would get pages of their own from the allocator, which the kernel
  /// clears each time.
  private static let pieceSize = 32 * 1024
  /// If this many bytes are being written, the next segment waits until the system has taken them.
  fileprivate static let writeSize = 1 << 19

  /// A client that reads fewer bytes in a second falls behind.
  private static let expectedRate = 256 * 1024

  /// A segment. It is kept as it was rendered until the first client needs it, and then as pieces.
  fileprivate struct Entry {
    private var bytes: [UInt8]
    private var shared: [ByteBuffer] = []
    var recipients = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The pieces. They are made at their first use, one segment after the other, so that each
    /// segment reuses the memory of the last one.
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

  /// How far a client may get ahead of the expected rate. At first the system takes many bytes,
  /// even for a client that does not read.
  private static let greatestLead = TimeAmount.seconds(1)

  fileprivate struct Progress {
    let channel: any Channel
    var remaining: ArraySlice<SegmentDigest>
    /// How many of the remaining segments are being written.
    var segmentsInFlight = 0
    /// The time at which a client of the expected rate would have received all that was sent.
    var due: NIODeadline

    /// How far the client is behind a client of the expected rate; negative if it is faster.
    func lateness(at now: NIODeadline) -> TimeAmount { now - due }

    mutating func note(sentBytes: Int, at now: NIODeadline) {
      let time = TimeAmount.milliseconds(Int64(sentBytes) * 1000 / Int64(Outbox.expectedRate))
      due = min(due + time, now + Outbox.greatestLead)
    }
  }

  fileprivate struct State {
    var entries: [SegmentDigest: Entry] = [:]
    var byteCount = 0
    var deliveries: [UInt64: Progress] = [:]
    var lastNumber: UInt64 = 0
  }

  private let maxBytes: Int
  fileprivate let now: @Sendable () -> NIODeadline
  private let digester = SegmentDigester()
  fileprivate let state = Mutex(State())

  /// - Parameters:
  ///   - maxBytes: How many bytes may be held; twice the newest body is always allowed.
  ///   - now: Returns the time.
  init(maxBytes: Int, now: @escaping @Sendable () -> NIODeadline = NIODeadline.now) {
    self.maxBytes = maxBytes
    self.now = now
  }

  /// The bytes that are held, and the number of bodies that are on their way.
  var usage: (bytes: Int, deliveries: Int) {
    state.withLock { ($0.byteCount, $0.deliveries.count) }
  }

  /// Adds a body that is to be sent, and cuts off the slowest clients if the total is too large.
  func accept(_ body: [[UInt8]], for channel: any Channel) -> Delivery {
    let segments = body.lazy.filter { !$0.isEmpty }.map { (self.digester.digest(of: $0), $0) }
    let parts = Array(segments)
    let bodySize = parts.reduce(0) { $0 + $1.1.count }
    let (number, cut) = state.withLock { state in
      let number = state.add(parts, for: channel, at: now())
      let limit = max(maxBytes, 2 * bodySize)
      return (number, state.cutSlowest(downTo: limit, sparing: number, at: now()))
    }
    cut.forEach { $0.abort() }
    return Delivery(number: number, outbox: self)
  }

  /// Cuts off the slowest client, if it has fallen behind at least that far.
  ///
  /// - Returns: Its connection, which the caller must abort.
  func cutSlowest(lateBy grace: TimeAmount) -> (any Channel)? {
    state.withLock { state in
      let now = now()
      let slowest = state.deliveries.max { $0.value.lateness(at: now) < $1.value.lateness(at: now) }
      guard let slowest, slowest.value.lateness(at: now) >= grace else { return nil }
      state.remove(slowest.key)
      return slowest.value.channel
    }
  }
}

extension Outbox.State {
  fileprivate mutating func add(
    _ parts: [(SegmentDigest, [UInt8])], for channel: any Channel, at now: NIODeadline
  ) -> UInt64 {
    for (digest, bytes) in parts {
      if entries[digest] == nil {
        entries[digest] = Outbox.Entry(bytes)
        byteCount += bytes.count
      }
      entries[digest]?.recipients += 1
    }
    lastNumber += 1
    deliveries[lastNumber] = Outbox.Progress(
      channel: channel, remaining: parts.map(\.0)[...], due: now)
    return lastNumber
  }

  /// - Returns: `nil` if the client was cut off.
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

  /// Cuts off clients, the slowest first, until the bytes are within the limit.
  fileprivate mutating func cutSlowest(
    downTo limit: Int, sparing newest: UInt64, at now: NIODeadline
  ) -> [any Channel] {
    guard byteCount > limit else { return [] }
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

/// One body on its way to one client. It ends when it is deallocated.
final class Delivery: Sendable {
  private let number: UInt64
  private let outbox: Outbox

  fileprivate init(number: UInt64, outbox: Outbox) {
    self.number = number
    self.outbox = outbox
  }

  deinit {
    outbox.state.withLock { $0.remove(number) }
  }

  /// The pieces of the next segments to send; none if all segments were sent.
  ///
  /// - Throws: ``DeliveryCut`` if the client was cut off.
  func nextPieces() throws(DeliveryCut) -> [ByteBuffer] {
    let pieces = outbox.state.withLock {
      $0.nextPieces(of: number, byteCount: Outbox.writeSize)
    }
    guard let pieces else { throw DeliveryCut() }
    return pieces
  }

  /// Counts bytes that the system has taken.
  func note(sentBytes: Int) {
    outbox.state.withLock {
      $0.deliveries[number]?.note(sentBytes: sentBytes, at: outbox.now())
    }
  }

  /// Drops the segments whose pieces ``nextPieces()`` returned.
  func finishPieces() {
    outbox.state.withLock { $0.finishPieces(of: number) }
  }
}

/// The client was too slow, and other clients need the memory.
struct DeliveryCut: Error {}
