internal import Glibc
internal import Harness
internal import ScrapeChecks

/// Scrapes over one connection, again and again, and judges each answer.
struct Scraper: Sendable {
  /// How many scrapes there are for each one that promtool judges as well.
  private static let scrapesPerPromtoolCheck = 100
  /// What may pass between the beginning of a reading and the time that is said to be its beginning.
  private static let slack = Duration.milliseconds(50)

  let number: Int
  let port: UInt16
  let interval: Duration
  let check: PageCheck
  let record: SoakRecord

  /// Scrapes until the time is over, or the exporter is gone.
  func run(until deadline: ContinuousClock.Instant) {
    let requests = ScrapeRequest.allCases
    var counters = CounterMemory()
    var round = number - 1
    var next = ContinuousClock.now
    while ContinuousClock.now < deadline, !record.isAborted {
      do {
        var client = try ScrapeClient(port: port)
        while ContinuousClock.now < deadline, !record.isAborted {
          round += 1
          try scrape(requests[round % requests.count], round, &client, &counters)
          next = max(next + interval, .now)
          Self.sleep(until: next)
        }
      } catch {
        record.violation("scraper \(number): \(error)")
        next += interval
        Self.sleep(until: next)
      }
    }
  }

  /// Scrapes once and compares the answer with what is there and does not change any more.
  func finish() {
    do {
      var client = try ScrapeClient(port: port)
      let start = ContinuousClock.now
      let page = try page(try client.get("/metrics", accept: ScrapeRequest.text.accept), .text)
      tell(check.findings(page, from: start, to: .now).violations, "once all writers had ended")
    } catch {
      record.violation("once all writers had ended: \(error)")
    }
  }

  private func scrape(
    _ request: ScrapeRequest, _ round: Int, _ client: inout ScrapeClient,
    _ counters: inout CounterMemory
  ) throws {
    let start = ContinuousClock.now
    let response = try client.get(
      "/metrics", compressed: request.isCompressed, accept: request.accept)
    let end = ContinuousClock.now
    let page = try page(response, request)
    // A reading that was under way when this scraper asked serves as well.
    let reading = page.values(of: "iptables_reading_duration_seconds").first ?? 0
    let findings = check.findings(page, from: start - .seconds(reading) - Self.slack, to: end)
    tell(findings.violations + counters.update(page), "\(request)")
    record.countScrape(request, end - start, hasFailedReading: findings.hasFailedReading)
    // The first of all is one of those: round 4 for the first four scrapers.
    if round % Self.scrapesPerPromtoolCheck == ScrapeRequest.allCases.count {
      try ChildProcess("promtool", "check", "metrics", input: MemoryFile(bytes: response.body))
        .waitForSuccess()
      record.countPromtoolCheck()
    }
  }

  /// An answer's content, which has to be valid.
  private func page(_ response: Response, _ request: ScrapeRequest) throws -> Exposition {
    let contentType = response.head.header("content-type") ?? "none"
    guard contentType.hasPrefix(request.contentType) else {
      throw HarnessError("\(request): content type \(contentType)")
    }
    var body = try response.body
    if response.head.header("content-encoding") == "gzip" {
      guard let content = gunzip(body) else { throw HarnessError("\(request): not gzip") }
      body = content
    } else if request.isCompressed {
      throw HarnessError("\(request): not compressed")
    }
    return try Exposition(parsing: body, format: request.format)
  }

  private func tell(_ violations: [String], _ occasion: String) {
    for violation in violations {
      record.violation("scraper \(number), \(occasion): \(violation)")
    }
  }

  private static func sleep(until instant: ContinuousClock.Instant) {
    let microseconds = (instant - .now) / .microseconds(1)
    if microseconds > 0 { usleep(UInt32(microseconds)) }
  }
}
