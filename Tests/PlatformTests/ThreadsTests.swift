import Foundation
import Platform
import Synchronization
import Testing

@Suite("Work on other threads")
struct ThreadsTests {
  @Test(
    "Results stand in the order of the pieces, each done once",
    arguments: [0, 1, 2, 1000], [1, 3, 64])
  func map(_ count: Int, _ workers: Int) {
    let calls = Mutex(0)
    let values = Parallel.map(count: count, workers: workers, state: { $0 }) { piece, _ in
      calls.withLock { $0 += 1 }
      return piece * piece
    }
    #expect(values == (0..<count).map { $0 * $0 })
    #expect(calls.withLock(\.self) == count)
  }

  @Test("Workers are as many as asked for at most, and each keeps its own state")
  func workers() {
    let numbers = Mutex<[Int]>([])
    let values = Parallel.map(
      count: 100, workers: 3,
      state: { number in
        numbers.withLock { $0.append(number) }
        return (number: number, pieces: 0)
      },
      { _, state in
        state.pieces += 1
        return state
      })
    let made = numbers.withLock(\.self)
    #expect(Set(made).count == made.count && made.count <= 3)
    for number in made {
      let pieces = values.filter { $0.number == number }.map(\.pieces)
      #expect(pieces.sorted() == Array(0..<pieces.count).map { $0 + 1 })
    }
  }

  @Test(
    "Of two things that are done at once, either uses several processors",
    .enabled(if: ProcessLimits.processors > 1))
  func both() {
    let meet: @Sendable () -> Bool = {
      // A piece ends when the other has begun, for which they need a thread each.
      let isFirst = Atomic(true)
      let hasSecond = Atomic(false)
      let met = Parallel.map(count: 2, workers: 2) { _ in
      } _: { _, _ in
        if !isFirst.exchange(false, ordering: .relaxed) {
          hasSecond.store(true, ordering: .relaxed)
        }
        for _ in 0..<10_000 where !hasSecond.load(ordering: .relaxed) {
          Pause.blocking(.milliseconds(1))
        }
        return hasSecond.load(ordering: .relaxed)
      }
      return met == [true, true]
    }
    let (first, second) = Parallel.both(isLarge: true, meet, meet)
    #expect(first && second)
  }

  /// Counts on an executor of its own.
  private actor Counter {
    private let executor = BlockingExecutor(label: "test")
    private(set) var most = 0
    private var inside = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor {
      unsafe executor.asUnownedSerialExecutor()
    }

    func block() {
      inside += 1
      most = max(most, inside)
      Pause.blocking(.milliseconds(20))
      inside -= 1
    }
  }

  @Test("An actor's calls that block run one at a time on its executor")
  func executor() async {
    let counter = Counter()
    let start = ContinuousClock.now
    await withTaskGroup { group in
      for _ in 0..<10 { group.addTask { await counter.block() } }
    }
    #expect(await counter.most == 1)
    #expect(ContinuousClock.now - start >= .milliseconds(200))
  }

  private final class Owner: Sendable {
    let onEnd: @Sendable () -> Void

    init(onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }

    deinit { onEnd() }
  }

  @Test("A watch calls when there is something to read, and keeps the owner until it ends")
  func watch() async {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    let (events, continuation) = AsyncStream.makeStream(of: String.self)
    var iterator = events.makeAsyncIterator()
    var owner: Owner? = Owner { continuation.yield("ended") }
    guard let watched = owner else { return }
    let watch = DescriptorWatch(descriptor, of: watched, label: "test")
    watch.start {
      var byte: UInt8 = 0
      if unsafe read(descriptor, &byte, 1) == 1 { continuation.yield("read \(byte)") }
    }
    pipe.fileHandleForWriting.write(Data([7]))
    #expect(await iterator.next() == "read 7")
    pipe.fileHandleForWriting.write(Data([8]))
    #expect(await iterator.next() == "read 8")
    owner = nil
    watch.cancel()
    _ = consume watched
    #expect(await iterator.next() == "ended")
  }
}
