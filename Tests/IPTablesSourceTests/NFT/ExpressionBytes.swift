import Netfilter
import XTables

@testable import IPTablesSource

/// An expression as nf_tables hands it over: an element of a list, with name and data.
struct ExpressionBytes: Sendable {
  let name: String
  let data: [UInt8]

  init(_ name: String, _ data: [UInt8]) {
    self.name = name
    self.data = data
  }

  /// The element of the list.
  var bytes: [UInt8] {
    let name = Self.attribute(1, Array(name.utf8) + [0])
    return Self.attribute(1, name + Self.attribute(2, data))
  }

  /// Loads bytes of the network header (1) or of the transport header (2).
  static func payload(_ base: UInt32, _ offset: UInt32, _ count: UInt32, register: UInt32 = 1)
    -> Self
  {
    ExpressionBytes(
      "payload", number(1, register) + number(2, base) + number(3, offset) + number(4, count))
  }

  /// Loads a property of the packet.
  static func meta(_ key: UInt32, register: UInt32 = 1) -> Self {
    ExpressionBytes("meta", number(2, key) + number(1, register))
  }

  /// Sets a property of the packet.
  static func metaSet(_ key: UInt32, register: UInt32 = 1) -> Self {
    ExpressionBytes("meta", number(2, key) + number(3, register))
  }

  /// Compares: 0 equal, 1 not, 2 less, 3 or equal, 4 greater, 5 or equal.
  static func compare(_ operation: UInt32, _ value: [UInt8], register: UInt32 = 1) -> Self {
    ExpressionBytes("cmp", number(1, register) + number(2, operation) + data(3, value))
  }

  static func range(_ operation: UInt32, _ first: [UInt8], _ last: [UInt8]) -> Self {
    ExpressionBytes("range", number(1, 1) + number(2, operation) + data(3, first) + data(4, last))
  }

  static func bitwise(
    _ mask: [UInt8], flip: [UInt8]? = nil, from: UInt32 = 1, to: UInt32 = 1, operation: UInt32 = 0
  ) -> Self {
    ExpressionBytes(
      "bitwise",
      number(1, from) + number(2, to) + number(3, UInt32(mask.count)) + number(6, operation)
        + data(4, mask) + data(5, flip ?? mask.map { _ in 0 }))
  }

  static func comment(_ text: String) -> Self {
    .match("comment", Array(text.utf8) + Array(repeating: 0, count: 256 - text.utf8.count))
  }

  static func counter(packets: UInt64, bytes: UInt64) -> Self {
    ExpressionBytes("counter", attribute(1, bigEndian(bytes)) + attribute(2, bigEndian(packets)))
  }

  /// A verdict, with the chain that it leads to.
  static func verdict(_ code: Int32, _ chain: String? = nil) -> Self {
    let name = chain.map { attribute(2, Array($0.utf8) + [0]) } ?? []
    let verdict = number(1, UInt32(bitPattern: code)) + name
    return ExpressionBytes(
      "immediate", number(1, 0) + attribute(2, attribute(2, verdict)))
  }

  /// Loads a value.
  static func immediate(_ value: [UInt8], register: UInt32 = 1) -> Self {
    ExpressionBytes("immediate", number(1, register) + data(2, value))
  }

  static func match(_ name: String, revision: UInt32 = 0, _ payload: [UInt8]) -> Self {
    stored("match", name, revision, payload)
  }

  static func target(_ name: String, revision: UInt32 = 0, _ payload: [UInt8]) -> Self {
    stored("target", name, revision, payload)
  }

  static func limit(
    rate: UInt64, unit: UInt64, burst: UInt32, type: UInt32 = 0, flags: UInt32 = 0
  ) -> Self {
    ExpressionBytes(
      "limit",
      attribute(1, bigEndian(rate)) + attribute(2, bigEndian(unit)) + number(3, burst)
        + number(4, type) + number(5, flags))
  }

  /// An attribute: length, type, payload, and padding to four bytes.
  static func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    let length = UInt16(payload.count + 4)
    let padding = [UInt8](repeating: 0, count: -payload.count & 3)
    return [length, type].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] } + payload
      + padding
  }

  static func number(_ type: UInt16, _ value: UInt32) -> [UInt8] {
    attribute(type, bigEndian(value))
  }

  private static func stored(
    _ kind: String, _ name: String, _ revision: UInt32, _ payload: [UInt8]
  ) -> Self {
    ExpressionBytes(
      kind,
      attribute(1, Array(name.utf8) + [0]) + number(2, revision) + attribute(3, payload))
  }

  private static func data(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
    attribute(type, attribute(1, value))
  }

  private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    stride(from: value.bitWidth - 8, through: 0, by: -8).map {
      UInt8(truncatingIfNeeded: value >> $0)
    }
  }
}

extension [ExpressionBytes] {
  /// The payload of a rule's list.
  var list: [UInt8] { flatMap(\.bytes) }
}

extension XTables {
  /// One for all tests: to make one takes longer than to write a line.
  static let shared = XTables()
}

extension ExpressionWriter {
  /// The line of the rule in those bytes.
  static func line(
    _ list: [UInt8], userData: [UInt8]? = nil, _ family: IPFamily = .ipv4
  ) -> String {
    var writer = ExpressionWriter(family, .shared)
    return unsafe list.withUnsafeBytes { list in
      unsafe (userData ?? []).withUnsafeBytes { bytes in
        let expressions = unsafe KernelBytes(list)
        let line = unsafe writer.line(
          of: expressions, userData: userData == nil ? nil : KernelBytes(bytes))
        return String(decoding: line, as: UTF8.self)
      }
    }
  }

  static func counter(of list: [UInt8]) -> Counter? {
    unsafe list.withUnsafeBytes { unsafe counter(of: KernelBytes($0)) }
  }

  static func digest(
    of list: [UInt8], userData: [UInt8] = [], hasher: ContentHasher
  ) -> ContentDigest {
    unsafe list.withUnsafeBytes { list in
      let expressions = unsafe KernelBytes(list)
      return unsafe userData.withUnsafeBytes {
        unsafe digest(of: expressions, userData: KernelBytes($0), hasher: hasher)
      }
    }
  }
}
