import Platform
import Testing

@Suite("Clocks")
struct ClocksTests {
  @Test(
    "A time is written as RFC 3339 has it",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (784_111_777.5, "1994-11-06T08:49:37.500Z"),
      (951_782_399.9999, "2000-02-28T23:59:59.999Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
      (4_107_542_399, "2100-02-28T23:59:59.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
    ])
  func timestamp(_ time: Double, _ expected: String) {
    #expect(WallClock.timestamp(of: time) == expected)
  }

  @Test("The calendar goes on by a day each day, for an era of 400 years")
  func calendar() {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var (year, month, day, weekday) = (1970, 1, 1, 4)
    for number in 0..<146_097 {
      let civil = CivilTime(secondsSince1970: number * 86_400 + number % 86_400)
      guard (civil.year, civil.month, civil.day, civil.weekday) == (year, month, day, weekday)
      else {
        Issue.record("\(year)-\(month)-\(day) is \(civil)")
        return
      }
      let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
      day += 1
      weekday = weekday == 6 ? 0 : weekday + 1
      if day > lengths[month - 1] + (isLeap && month == 2 ? 1 : 0) { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  @Test("A pause takes its time on the wall, and next to none of the processor")
  func pause() {
    let (start, used) = (ContinuousClock.now, ProcessorTime.ofThisThread)
    let wall = WallClock.now
    Pause.blocking(.milliseconds(1050))
    #expect(ContinuousClock.now - start >= .milliseconds(1050))
    #expect(WallClock.now - wall > 1)
    #expect(ProcessorTime.ofThisThread - used < .milliseconds(100))
  }

  @Test("Work is counted, for the thread and for the process")
  func work() {
    let (thread, process) = (ProcessorTime.ofThisThread, ProcessorTime.ofThisProcess)
    while ProcessorTime.ofThisThread - thread < .milliseconds(20) {}
    #expect(ProcessorTime.ofThisProcess - process >= .milliseconds(15))
  }
}
