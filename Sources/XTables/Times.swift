internal import Netfilter

extension Extension {
  /// `struct xt_time_info`.
  static var times: [Extension] {
    [
      Extension(
        "time", size: 24,
        Option { info, line in
          if info.u32(8) == 0, info.u32(12) == 86399 { return }
          line.option("--timestart")
          line.word(time: info.u32(8))
          line.option("--timestop")
          line.word(time: info.u32(12))
        },
        Option("--monthdays", .monthDays(16), if: .differs(.u32(16), from: 0xffff_fffe)),
        Option("--weekdays", .bits(.u8(20), weekdays), if: .differs(.u8(20), from: 0xfe)),
        // The last date is written whatever it is: libxt_time takes it for given unless it is the
        // longest of 64 bits.
        Option("--datestart", .date(0), if: .nonzero(.u32(0))),
        Option("--datestop", .date(4), if: .nonzero(.u32(4))),
        Option("--kerneltz", bit: 1, at: 21),
        Option("--contiguous", bit: 2, at: 21))
    ]
  }

  private static let weekdays: Names = [
    2: "Mon", 4: "Tue", 8: "Wed", 16: "Thu", 32: "Fri", 64: "Sat", 128: "Sun",
  ]
}

extension Value {
  fileprivate static func monthDays(_ offset: Int) -> Value {
    Value { info, line in
      line.append(" ")
      var separator: StaticString = ""
      for day in UInt64(1)...31 where info.u32(offset) & 1 << day != 0 {
        line.append(separator)
        line.append(number: day)
        separator = ","
      }
    }
  }

  /// Seconds since 1970 in the calendar, which repeats itself every 400 years, counted from March.
  fileprivate static func date(_ offset: Int) -> Value {
    Value { info, line in
      let seconds = info.u32(offset)
      let days = seconds / 86400 + 719_468
      let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
      let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
      let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
      let month = (5 * dayOfYear + 2) / 153
      let calendarMonth = month < 10 ? month + 3 : month - 9
      line.word(number: era * 400 + year + (calendarMonth <= 2 ? 1 : 0))
      line.append("-")
      line.append(twoDigits: calendarMonth)
      line.append("-")
      line.append(twoDigits: dayOfYear - (153 * month + 2) / 5 + 1)
      line.append("T")
      line.append(time: seconds % 86400)
    }
  }
}

extension LineWriter {
  fileprivate mutating func word(time seconds: UInt64) {
    append(" ")
    append(time: seconds)
  }

  fileprivate mutating func append(time seconds: UInt64) {
    append(twoDigits: seconds / 3600)
    append(":")
    append(twoDigits: seconds / 60 % 60)
    append(":")
    append(twoDigits: seconds % 60)
  }

  fileprivate mutating func append(twoDigits number: UInt64) {
    if number < 10 { append("0") }
    append(number: number)
  }
}
