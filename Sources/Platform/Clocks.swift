internal import Glibc

/// The time of day.
public enum WallClock {
  /// Seconds since 1970.
  public static var now: Double { Duration(reading: CLOCK_REALTIME) / .seconds(1) }

  /// The current time in RFC 3339's format, in UTC with milliseconds.
  public static var timestamp: String { timestamp(of: now) }

  /// A time in seconds since 1970, in RFC 3339's format.
  public static func timestamp(of time: Double) -> String {
    let seconds = time.rounded(.down)
    let civil = CivilTime(secondsSince1970: Int(seconds))
    let year = padded(civil.year, 4)
    let milliseconds = padded(Int((time - seconds) * 1000), 3)
    return "\(year)-\(padded(civil.month))-\(padded(civil.day))T\(civil.clock).\(milliseconds)Z"
  }
}

/// A time in the Gregorian calendar, in UTC.
public struct CivilTime {
  public let year: Int
  /// From 1 to 12.
  public let month: Int
  public let day: Int
  /// Days since Sunday, from 0 to 6.
  public let weekday: Int
  /// The time of day, such as `08:49:37`.
  public let clock: String

  /// Converts a time in seconds since 1970, which must not be before 1970.
  public init(secondsSince1970 time: Int) {
    let (daysSince1970, seconds) = time.quotientAndRemainder(dividingBy: 86_400)
    // 1 January 1970 was a Thursday.
    weekday = (daysSince1970 + 4) % 7
    // The calendar repeats itself after an era of 400 years. Years begin in March here, so that a
    // leap day is the last day of a year.
    let (era, dayOfEra) = (daysSince1970 + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthsSinceMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthsSinceMarch + 2) / 5 + 1
    month = monthsSinceMarch < 10 ? monthsSinceMarch + 3 : monthsSinceMarch - 9
    year = era * 400 + yearOfEra + (month < 3 ? 1 : 0)
    clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0) }
      .joined(separator: ":")
  }
}

private func padded(_ value: Int, _ width: Int = 2) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The processor time that was used, in the program's own code and in the kernel's for it.
public enum ProcessorTime {
  /// The time that all threads of the process have used so far.
  ///
  /// C counterpart: `clock_gettime` with `CLOCK_PROCESS_CPUTIME_ID`.
  public static var ofThisProcess: Duration { Duration(reading: CLOCK_PROCESS_CPUTIME_ID) }

  /// The time that this thread has used so far.
  ///
  /// C counterpart: `clock_gettime` with `CLOCK_THREAD_CPUTIME_ID`.
  public static var ofThisThread: Duration { Duration(reading: CLOCK_THREAD_CPUTIME_ID) }
}

/// Waiting on a thread of one's own.
public enum Pause {
  /// Blocks this thread for a time, or until a signal comes.
  ///
  /// C counterpart: `nanosleep`.
  public static func blocking(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var rest = timespec()
    _ = unsafe withUnsafePointer(to: time) { unsafe nanosleep($0, &rest) }
  }
}

extension Duration {
  /// The C library's time as a duration.
  init(_ time: timespec) {
    self = .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// The time that a clock of the system shows; zero if the system has no such clock.
  fileprivate init(reading clock: clockid_t) {
    var time = timespec()
    self = unsafe clock_gettime(clock, &time) == 0 ? Duration(time) : .zero
  }
}
