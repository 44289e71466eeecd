public import Testing

import FoundationEssentials

extension Trait where Self == ConditionTrait {
  /// For tests that write rules into the kernel, in a network namespace of their own: they run where
  /// `KIE_LIVE=1` stands in the environment, and are reported as skipped elsewhere.
  public static var liveKernel: Self {
    .enabled("KIE_LIVE=1 is not set") {
      ProcessInfo.processInfo.environment["KIE_LIVE"] == "1"
    }
  }
}
