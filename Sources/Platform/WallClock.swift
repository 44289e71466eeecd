private import Glibc

/// The time of day.
public enum WallClock {
  /// Seconds since 1970.
  public static var now: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The time as RFC 3339 has it, in UTC with milliseconds.
  public static var timestamp: String { timestamp(of: now) }

  /// A time in seconds since 1970, as RFC 3339 has it.
  public static func timestamp(of time: Double) -> String {
    let days = Int(time) / 86_400
    let seconds = Int(time) % 86_400
    let (year, month, day) = civilDate(daysSince1970: days)
    let date = [padded(year, 4), padded(month, 2), padded(day, 2)]
    let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
    let milliseconds = padded(Int((time - time.rounded(.down)) * 1000), 3)
    return "\(date.joined(separator: "-"))T\(clock.joined(separator: ":")).\(milliseconds)Z"
  }

  private static func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// The Gregorian date: years counted from March, in eras of 400 of them.
  public static func civilDate(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
    let days = daysSince1970 + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    return (era * 400 + yearOfEra + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9, day)
  }
}
