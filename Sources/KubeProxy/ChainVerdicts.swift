/// Whose each chain of nat was found to be, kept for the next reading.
struct ChainVerdicts: Sendable {
  enum Verdict {
    case unknown
    /// The chain's name is the hash of this name; an endpoint's, of this and its destination.
    case proven(WrittenName)
    /// An endpoint's chain's name is the hash of no service port in nat and its destination.
    case nobodys
  }

  private var codes: [Int32]

  init(chainCount: Int) { codes = Array(repeating: Self.unknown, count: chainCount) }

  private static let unknown: Int32 = -1
  private static let nobodys: Int32 = -2

  subscript(chain: Int) -> Verdict {
    get {
      switch codes[chain] {
      case Self.unknown: .unknown
      case Self.nobodys: .nobodys
      case let code: .proven(WrittenName(code: code))
      }
    }
    set {
      codes[chain] =
        switch newValue {
        case .unknown: Self.unknown
        case .proven(let name): name.code
        case .nobodys: Self.nobodys
        }
    }
  }
}
