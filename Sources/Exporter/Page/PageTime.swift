internal import Platform

/// A moment as the page shows it: how long ago it was, and when exactly.
struct PageTime {
  let time: Moment
  let now: Moment

  /// Such as `4 min ago`.
  var age: String {
    let seconds = Int(min(time.age(at: now), 1e12))
    return switch seconds {
    case ..<1: "just now"
    case ..<120: "\(seconds) s ago"
    case ..<7200: "\(seconds / 60) min ago"
    case ..<172_800: "\(seconds / 3600) h ago"
    default: "\(seconds / 86_400) d ago"
    }
  }

  /// Such as `2026-11-22T11:41:30.123Z`.
  var timestamp: String { WallClock.timestamp(of: time.wallClock) }
}

extension HTMLWriter {
  /// Writes how long ago it was; the exact time is in the element's attributes.
  mutating func write(_ time: PageTime) {
    write("<time datetime=\"")
    write(text: time.timestamp)
    write("\" title=\"")
    write(text: time.timestamp)
    write("\">")
    write(text: time.age)
    write("</time>")
  }
}
