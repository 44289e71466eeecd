@testable import KubeProxy

extension ChainHash {
  /// The 16 characters as they stand in a chain's name.
  var text: String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    return String(
      (0..<16).map { index in
        // The first 12 characters are of the upper 60 bits.
        let digits = index < 12 ? high >> 4 : (high & 15) << 16 | UInt64(low)
        let shift = UInt64(index < 12 ? 55 - 5 * index : 75 - 5 * index)
        return alphabet[Int(digits >> shift & 31)]
      })
  }
}

/// What kube-proxy makes of a text: the end of a chain's name.
func chainHashText(of text: String) -> String { ChainHash(hashing: Array(text.utf8)).text }
