extension MatchText {
  /// `struct xt_sctp_info`: ports, a bit for each type of chunk, and flags of at most four types.
  static let sctp = MatchText(size: 292, where: hasWritableChunks) { info, line in
    let (flags, inverted) = (info.byte(at: 284), info.byte(at: 288))
    writePorts(info, flags: flags, inverted: inverted, to: &line)
    guard flags & 4 != 0 else { return }
    line.option("--chunk-types", inverted: inverted & 4 != 0)
    line.word(chunkModes[info.integer(at: 264)] ?? "")
    switch extent(info) {
    case .none: line.word("NONE")
    case .all: line.word("ALL")
    case .some(let types):
      line.word(types.map { name($0) + chunkFlags($0, info) }.joined(separator: ","))
    }
  }

  private static let chunkModes: [UInt32: String] = [1: "any", 2: "all", 4: "only"]

  /// Whether each type has a name, and its flags are where libxt_sctp has letters for them.
  private static func hasWritableChunks(_ info: StructReader) -> Bool {
    guard info.has(4, at: 284) else { return true }
    guard chunkModes[info.integer(at: 264)] != nil, info.integer(UInt32.self, at: 280) <= 4 else {
      return false
    }
    guard case .some(let types) = extent(info) else { return true }
    return info.bytes(at: 40, size: 224).allSatisfy { $0 == 0 }
      && types.allSatisfy {
        $0 < firstNames.count || (!name($0).isEmpty && chunkFlags($0, info).isEmpty)
      }
  }

  private enum ChunkExtent {
    case none, all
    case some([UInt8])
  }

  /// The map is eight times as long as it needs to be; libxt_sctp looks at all of it.
  private static func extent(_ info: StructReader) -> ChunkExtent {
    let map = info.bytes(at: 8, size: 256)
    if map.allSatisfy({ $0 == 0 }) { return .none }
    if map.allSatisfy({ $0 == .max }) { return .all }
    return .some((0...UInt8.max).filter { info.has(1 << ($0 & 7), at: 8 + Int($0 >> 3)) })
  }

  private static func name(_ type: UInt8) -> String {
    type < firstNames.count ? firstNames[Int(type)] : laterNames[type] ?? ""
  }

  private static let firstNames = [
    "DATA", "INIT", "INIT_ACK", "SACK", "HEARTBEAT", "HEARTBEAT_ACK", "ABORT", "SHUTDOWN",
    "SHUTDOWN_ACK", "ERROR", "COOKIE_ECHO", "COOKIE_ACK", "ECN_ECNE", "ECN_CWR",
    "SHUTDOWN_COMPLETE",
  ]

  private static let laterNames: [UInt8: String] = [
    64: "I_DATA", 128: "ASCONF_ACK", 130: "RE_CONFIG", 132: "PAD", 192: "FORWARD_TSN",
    193: "ASCONF", 194: "I_FORWARD_TSN",
  ]

  /// A colon and the letters of the flags that are asked for, small where a flag must not be set.
  private static func chunkFlags(_ type: UInt8, _ info: StructReader) -> String {
    let count = min(4, Int(info.integer(UInt32.self, at: 280)))
    let starts = (0..<count).map { 268 + 3 * $0 }.filter { info.byte(at: $0) == type }
    return starts.map { start in
      let (flags, mask) = (info.byte(at: start + 1), info.byte(at: start + 2))
      let letters = letters(type).enumerated().compactMap { index, letter in
        let bit = UInt8(0x80) >> UInt8(index)
        guard mask & bit != 0 else { return nil as String? }
        return flags & bit != 0 ? String(letter) : letter.lowercased()
      }
      return letters.isEmpty ? "" : ":" + letters.joined()
    }.joined()
  }

  /// From the highest bit to the lowest; a `-` where a flag has no name.
  private static func letters(_ type: UInt8) -> String {
    switch type {
    case 0: "----IUBE"
    case 6, 14: "-------T"
    default: "--------"
    }
  }
}
