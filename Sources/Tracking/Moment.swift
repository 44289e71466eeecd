internal import Platform

/// When something happened, by two clocks: timestamps come from the one, ages from the other.
package struct Moment: Sendable, Hashable, Comparable {
  /// In seconds since 1970. It jumps where somebody, or NTP, sets the clock.
  package let wallClock: Double
  /// By a clock that never jumps, and that counts while the machine sleeps.
  package let instant: ContinuousClock.Instant

  package static func now() -> Moment { Moment(wallClock: WallClock.now, instant: .now) }

  /// The seconds from this moment to another.
  package func age(at now: Moment) -> Double { max(0, (now.instant - instant) / .seconds(1)) }

  package static func < (left: Moment, right: Moment) -> Bool { left.instant < right.instant }
}
