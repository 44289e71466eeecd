/// Where an extension refers to sets of ipset: the match `set`, and the target `SET`.
///
/// The kernel keeps a set's index, which means something only there, and only while the set is in use. So
/// a name of 32 bytes for each index is put before the kernel's struct, and the indices become zeros.
public struct SetReferences: Sendable {
  /// The size in bytes of a set's name, the zero behind it included. C counterpart: `IPSET_MAXNAMELEN`.
  public static let nameSize = 32

  /// The index that stands where there is no set. C counterpart: `IPSET_INVALID_ID`.
  private static let noSet = UInt16.max

  /// The offsets of the indices in the kernel's struct.
  private let offsets: [Int]

  /// Nil where an extension of that name and revision refers to no set.
  ///
  /// C counterparts: `struct xt_set_info_match_v1`, `struct xt_set_info_target_v1`, and those after them.
  public init?(name: String, revision: UInt8) {
    switch (name, revision) {
    case ("set", 1...4): offsets = [0]
    case ("SET", 1), ("SET", 2): offsets = [0, 4]
    case ("SET", 3): offsets = [0, 4, 8]
    default: return nil
    }
  }

  /// What is kept of the extension; nil where the struct ends too early, or a set's name isn't known.
  ///
  /// - Parameters:
  ///   - info: the kernel's struct.
  ///   - name: the name of the set that has the index; empty where that isn't known.
  public func payload(_ info: [UInt8], name: (UInt16) -> [UInt8]) -> [UInt8]? {
    var names: [UInt8] = []
    var info = info
    for offset in offsets {
      guard offset + 1 < info.count else { return nil }
      let index: UInt16 = StructReader(info).integer(at: offset)
      info[offset] = 0
      info[offset + 1] = 0
      var field: [UInt8] = []
      if index != Self.noSet {
        field = Array(name(index).prefix(Self.nameSize - 1))
        if field.isEmpty { return nil }
      }
      names += field + [UInt8](repeating: 0, count: Self.nameSize - field.count)
    }
    return names + info
  }
}
