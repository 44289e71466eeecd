/// Where a revision of hashlimit's struct has its fields, and its unit of time.
struct HashLimitLayout: Sendable {
  let size: Int
  let nameSize: Int
  let averageOffset: Int
  /// Whether the average and the burst, which follow each other, have 64 bits.
  let isWide: Bool
  let modeOffset: Int
  /// Of the table's size, the first of four numbers.
  let tableOffset: Int
  let maskOffset: Int
  /// How much a second is in the average's unit.
  let second: UInt64
  /// Of the interval of `--hashlimit-rate-match`, where the revision has it.
  let intervalOffset: Int?

  /// `struct xt_hashlimit_mtinfo1`.
  static let revision1 = HashLimitLayout(
    size: 56, nameSize: 16, averageOffset: 20, isWide: false, modeOffset: 16, tableOffset: 28,
    maskOffset: 44, second: 10_000, intervalOffset: nil)

  /// `struct xt_hashlimit_mtinfo2`, which reckons in millionths of a second.
  static let revision2 = HashLimitLayout(
    size: 304, nameSize: 255, averageOffset: 256, isWide: true, modeOffset: 272, tableOffset: 276,
    maskOffset: 292, second: 1_000_000, intervalOffset: nil)

  /// `struct xt_hashlimit_mtinfo3`, which has the interval.
  static let revision3 = HashLimitLayout(
    size: 312, nameSize: 255, averageOffset: 256, isWide: true, modeOffset: 272, tableOffset: 276,
    maskOffset: 296, second: 1_000_000, intervalOffset: 292)

  func average(_ info: StructReader) -> UInt64 { number(info, at: averageOffset) }

  func burst(_ info: StructReader) -> UInt64 {
    number(info, at: averageOffset + (isWide ? 8 : 4))
  }

  private func number(_ info: StructReader, at offset: Int) -> UInt64 {
    isWide ? info.integer(at: offset) : UInt64(info.integer(UInt32.self, at: offset))
  }
}
