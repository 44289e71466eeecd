/// `-m statistic`. C counterpart: `struct xt_statistic_info`, without its running count.
public struct StatisticMatch: Sendable, Hashable {
  public enum Mode: Sendable, Hashable {
    /// The probability in units of 2^-31, as the kernel compares it.
    case random(probability: UInt32)
    /// One packet of every `every` (at least 1), beginning with number `packet`.
    case nth(every: UInt32, packet: UInt32)
  }

  public let mode: Mode
  public let inverted: Bool

  public init(mode: Mode, inverted: Bool = false) {
    self.mode = mode
    self.inverted = inverted
  }
}
