/// `-m limit`: packets per second as the kernel keeps them. C counterpart: `struct xt_rateinfo`,
/// without its credit.
public struct LimitMatch: Sendable, Hashable {
  /// The mean time between packets in units of 0.1 ms.
  public let average: UInt32
  public let burst: UInt32

  public init(average: UInt32, burst: UInt32) {
    self.average = average
    self.burst = burst
  }
}
