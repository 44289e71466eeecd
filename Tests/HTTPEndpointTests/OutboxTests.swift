import NIOCore
import NIOPosix
import Testing

@testable import HTTPEndpoint

@Suite struct OutboxTests {
  private static let megabyte = 1 << 20

  /// Runs the body with connections' ends of one's own, which are closed after it.
  private func withChannels(
    _ count: Int, _ body: ([any Channel]) async throws -> Void
  ) async throws {
    var channels: [any Channel] = []
    for _ in 0..<count {
      channels.append(
        try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
          .bind(host: "127.0.0.1", port: 0).get())
    }
    try await body(channels)
    for channel in channels { try? await channel.close() }
  }

  private func segment(_ value: UInt8, count: Int = megabyte) -> [UInt8] {
    [UInt8](repeating: value, count: count)
  }

  /// Takes what is to be sent, as if it were being sent.
  private func content(of delivery: Delivery) throws -> ByteBuffer {
    var bytes = ByteBuffer()
    while case let pieces = try delivery.nextPieces(), !pieces.isEmpty {
      for piece in pieces {
        bytes.writeImmutableBuffer(piece)
        delivery.note(sentBytes: piece.readableBytes)
      }
      delivery.finishPieces()
    }
    return bytes
  }

  @Test func `what many receive is held once, until the last has it`() async throws {
    try await withChannels(1) { channels in
      let outbox = Outbox(maxBytes: 4 * Self.megabyte)
      var deliveries = (0..<500).map { _ in
        outbox.accept([segment(1), [], segment(2)], for: channels[0])
      }
      #expect(outbox.usage == (2 * Self.megabyte, 500))
      let body = ByteBuffer(bytes: segment(1) + segment(2))
      for delivery in deliveries.dropFirst() {
        try #expect(content(of: delivery) == body)
      }
      #expect(outbox.usage.bytes == 2 * Self.megabyte)
      _ = try deliveries[0].nextPieces()
      deliveries[0].finishPieces()
      #expect(outbox.usage.bytes == Self.megabyte)
      deliveries.removeAll()
      #expect(outbox.usage == (0, 0))
    }
  }

  @Test func `beyond the limit the slowest are cut off first`() async throws {
    try await withChannels(4) { channels in
      let outbox = Outbox(maxBytes: 3 * Self.megabyte + 1)
      let deliveries = (0..<3).map {
        outbox.accept([segment(UInt8($0)), segment(9, count: 1)], for: channels[$0])
      }
      // The last one is the slowest: it has been sent nothing.
      deliveries[0].note(sentBytes: Self.megabyte / 8)
      deliveries[1].note(sentBytes: Self.megabyte / 16)
      let newest = outbox.accept([segment(4)], for: channels[3])
      #expect(throws: DeliveryCut.self) { try content(of: deliveries[2]) }
      try await channels[2].closeFuture.get()
      #expect(channels[0].isActive && channels[1].isActive && channels[3].isActive)
      #expect(outbox.usage.bytes <= 3 * Self.megabyte + 1)
      try #expect(content(of: newest) == ByteBuffer(bytes: segment(4)))
      try #expect(content(of: deliveries[0]) == ByteBuffer(bytes: segment(0) + [9]))
    }
  }

  @Test func `a body larger than the limit is sent`() async throws {
    try await withChannels(3) { channels in
      let outbox = Outbox(maxBytes: 10)
      let first = outbox.accept([segment(1)], for: channels[0])
      let second = outbox.accept([segment(2)], for: channels[1])
      try #expect(content(of: first) == ByteBuffer(bytes: segment(1)))
      let third = outbox.accept([segment(3)], for: channels[2])
      try #expect(content(of: second) == ByteBuffer(bytes: segment(2)))
      try #expect(content(of: third) == ByteBuffer(bytes: segment(3)))
    }
  }

  @Test func `only who has fallen behind is cut off for another connection`() async throws {
    try await withChannels(2) { channels in
      let outbox = Outbox(maxBytes: 4 * Self.megabyte)
      let slow = outbox.accept([segment(1)], for: channels[0])
      let fast = outbox.accept([segment(1)], for: channels[1])
      fast.note(sentBytes: Self.megabyte / 8)
      #expect(outbox.cutSlowest(lateBy: .seconds(60)) == nil)
      try await Task.sleep(for: .milliseconds(20))
      let cut = outbox.cutSlowest(lateBy: .milliseconds(10))
      #expect(cut === channels[0])
      #expect(outbox.cutSlowest(lateBy: .milliseconds(10)) == nil)
      #expect(throws: DeliveryCut.self) { try slow.nextPieces() }
      try #expect(!fast.nextPieces().isEmpty)
    }
  }
}
