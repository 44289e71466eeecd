/// Words that iptables-nft-save 1.8.9 prints of a rule where iptables-legacy-save prints others. A
/// snapshot has the latter.
struct Spelling {
  let nft: String
  let legacy: String

  static let all: [Spelling] = [
    // A condition that no packet meets: legacy leaves it out.
    Spelling(nft: "! -i +", legacy: ""),
    Spelling(nft: "! -o +", legacy: ""),
  ]

  /// A line of iptables-nft-save as iptables-legacy-save would print it.
  static func canonical(_ line: [UInt8]) -> [UInt8] {
    let words = all.reduce(line) {
      $0.replacing(Array($1.nft.utf8), with: Array($1.legacy.utf8))
    }
    if words == line { return line }
    return Array(words.split(separator: UInt8(ascii: " ")).joined(separator: " ".utf8))
  }
}
