extension MatchText {
  /// `struct xt_time_info`. The last date is written whatever it is: libxt_time takes it for given
  /// unless it is the longest of 64 bits.
  static let time = MatchText(size: 24) { info, line in
    let (start, stop): (UInt32, UInt32) = (info.integer(at: 8), info.integer(at: 12))
    if start != 0 || stop != 86399 {
      line.option("--timestart", timeOfDay(start))
      line.option("--timestop", timeOfDay(stop))
    }
    let days: UInt32 = info.integer(at: 16)
    if days != ~1 {
      let names = (1...31).filter { days & 1 << UInt32($0) != 0 }.map { String($0) }
      line.option("--monthdays", names.joined(separator: ","))
    }
    if info.byte(at: 20) != ~1 { line.option("--weekdays", info.byte(at: 20).names(weekdays)) }
    for (option, offset) in [("--datestart", 0), ("--datestop", 4)] {
      let seconds: UInt32 = info.integer(at: offset)
      if seconds != 0 { line.option(option, date(seconds)) }
    }
    if info.has(1, at: 21) { line.option("--kerneltz") }
    if info.has(2, at: 21) { line.option("--contiguous") }
  }

  private static let weekdays: [(bit: UInt8, name: String)] = [
    (2, "Mon"), (4, "Tue"), (8, "Wed"), (16, "Thu"), (32, "Fri"), (64, "Sat"), (128, "Sun"),
  ]

  private static func timeOfDay(_ seconds: UInt32) -> String {
    [seconds / 3600, seconds / 60 % 60, seconds % 60].map(twoDigits).joined(separator: ":")
  }

  /// Seconds since 1970 in the calendar, which repeats itself every 400 years, counted from March.
  private static func date(_ seconds: UInt32) -> String {
    let days = seconds / 86400 + 719_468
    let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
    let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let calendarMonth = month < 10 ? month + 3 : month - 9
    let calendarYear = era * 400 + year + (calendarMonth <= 2 ? 1 : 0)
    return "\(calendarYear)-\(twoDigits(calendarMonth))-\(twoDigits(day))"
      + "T\(timeOfDay(seconds % 86400))"
  }

  private static func twoDigits(_ number: UInt32) -> String {
    (number < 10 ? "0" : "") + "\(number)"
  }
}
