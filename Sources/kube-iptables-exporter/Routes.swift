internal import Collectors
internal import Exposition
internal import HTTPEndpoint
internal import Page
internal import Platform

/// What the server answers: the metrics, a page for people, and the probes.
struct Routes: Sendable {
  let exporter: Exporter
  let telemetryPath: String
  private let gate: RequestGate
  /// The node's name: Kubernetes' if the manifest passes it, else the host's.
  private let node =
    Environment.value(of: "NODE_NAME").flatMap { $0.isEmpty ? nil : $0 }
    ?? Environment.hostName

  init(exporter: Exporter, telemetryPath: String, maxRequests: Int) {
    self.exporter = exporter
    self.telemetryPath = telemetryPath
    gate = RequestGate(limit: maxRequests)
  }

  var table: [String: RequestHandler] {
    [
      "/": { await page($0) },
      "/-/healthy": { _ in .text(200, "Healthy.\n") },
      "/-/ready": { _ in await readiness() },
      telemetryPath: { request in await throughGate(request) { await scrape(request) } },
    ]
  }

  private func readiness() async -> Response {
    await exporter.isReady
      ? .text(200, "Ready.\n")
      : .text(503, "Not ready: no rules could be read yet. The log says why.\n")
  }

  /// The page accepts a reading of this age.
  private static let recent = Duration.seconds(5)

  /// Without a recent reading, the page makes one. It takes its turn among the scrapes.
  private func page(_ request: Request) async -> Response {
    await throughGate(request) {
      let page = await exporter.page(
        PageRequest(query: request.query, telemetryPath: telemetryPath, node: node),
        acceptingAge: Self.recent)
      return Response(
        status: page.isFound ? 200 : 404, contentType: "text/html; charset=utf-8",
        headers: Page.headers, body: page.body)
    }
  }

  private func throughGate(
    _ request: Request, _ answer: () async -> Response
  ) async -> Response {
    guard await gate.enter(from: request.remoteAddress) else {
      return .text(503, "Too many scrapes at once for too long; --web.max-requests limits them.\n")
    }
    defer { gate.leave() }
    return await answer()
  }

  private func scrape(_ request: Request) async -> Response {
    let (format, contentType) = ExpositionFormat.negotiate(accept: request.header("Accept"))
    do throws(ScrapeError) {
      let segments = try await exporter.scrape(
        ScrapeRequest(
          format: format, scraper: request.remoteAddress,
          collect: request.values(of: "collect[]"), exclude: request.values(of: "exclude[]"),
          timeout: request.scrapeTimeout, isAnswered: request.method == .get))
      return Response(status: 200, contentType: contentType, body: segments)
    } catch {
      return .text(400, "\(error)\n")
    }
  }
}

extension Request {
  /// The values of a query parameter, in their order.
  fileprivate func values(of name: String) -> [String] {
    query.filter { $0.name == name }.map(\.value)
  }

  /// The time until the scraper gives up, as Prometheus states it; nil where it doesn't.
  fileprivate var scrapeTimeout: Duration? {
    guard let text = header("X-Prometheus-Scrape-Timeout-Seconds"), let seconds = Double(text),
      seconds > 0, seconds < 86_400
    else { return nil }
    return .seconds(seconds)
  }
}
