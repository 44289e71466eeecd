import Platform
import Synchronization

/// The value of the header field `Date`.
///
/// Counterpart: RFC 9110's IMF-fixdate.
enum DateField {
  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
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
    let civil = CivilTime(secondsSince1970: time)
    let day = civil.day < 10 ? "0\(civil.day)" : "\(civil.day)"
    return "\(weekdays[civil.weekday]), \(day) \(months[civil.month - 1]) \(civil.year) "
      + "\(civil.clock) GMT"
  }
}
