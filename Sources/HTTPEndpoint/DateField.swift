import Platform
import Synchronization

/// The value of the header field `Date`.
///
/// Counterpart: RFC 9110's IMF-fixdate.
enum DateField {
  private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let last = Mutex((second: -1, text: ""))

  /// The value now, which is written once a second.
  static var now: String {
    let second = Int(WallClock.now)
    return last.withLock { last in
      if last.second != second { last = (second, text(secondsSince1970: second)) }
      return last.text
    }
  }

  /// The value at a time, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func text(secondsSince1970 time: Int) -> String {
    let days = time / 86_400
    let seconds = time % 86_400
    let (year, month, day) = WallClock.civilDate(daysSince1970: days)
    let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map(twoDigits)
    let date = "\(twoDigits(day)) \(months[month - 1]) \(year)"
    return "\(weekdays[days % 7]), \(date) \(clock.joined(separator: ":")) GMT"
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
