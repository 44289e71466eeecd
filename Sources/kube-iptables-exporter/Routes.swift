internal import Exporter
internal import Exposition
internal import HTTPEndpoint

/// What the server answers: the metrics, a page that leads there, and the probes.
struct Routes: Sendable {
  let exporter: Exporter
  let telemetryPath: String
  private let gate: RequestGate

  init(exporter: Exporter, telemetryPath: String, maxRequests: Int) {
    self.exporter = exporter
    self.telemetryPath = telemetryPath
    gate = RequestGate(limit: maxRequests)
  }

  var table: [String: RequestHandler] {
    [
      "/": { _ in landingPage },
      "/-/healthy": { _ in .text(200, "Healthy.\n") },
      "/-/ready": { _ in .text(200, "Ready.\n") },
      telemetryPath: { await metrics($0) },
    ]
  }

  private func metrics(_ request: Request) async -> Response {
    guard gate.enter() else {
      return .text(503, "Too many scrapes at once; --web.max-requests limits them.\n")
    }
    defer {
      if gate.leave() { Task { await exporter.releaseMemory() } }
    }
    let format = ExpositionFormat(accept: request.header("Accept"))
    do throws(ScrapeError) {
      let segments = try await exporter.scrape(
        ScrapeRequest(
          format: format, scraper: request.remoteAddress,
          collect: request.values(of: "collect[]"), exclude: request.values(of: "exclude[]"),
          timeout: request.scrapeTimeout, isAnswered: request.method == .get))
      return Response(status: 200, contentType: format.contentType, body: segments)
    } catch {
      return .text(400, "\(error)\n")
    }
  }

  private var landingPage: Response {
    .html(
      200,
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="color-scheme" content="light dark">
      <title>kube-iptables-exporter</title>
      </head>
      <body>
      <h1>kube-iptables-exporter</h1>
      <p>What kube-proxy's iptables rules hold on this node, and what changes in them.</p>
      <p>\(Version.text)</p>
      <ul>
      <li><a href="\(telemetryPath.htmlEscaped)">Metrics</a></li>
      <li><a href="/-/healthy">Health</a></li>
      <li><a href="/-/ready">Readiness</a></li>
      </ul>
      </body>
      </html>

      """)
  }
}

extension Request {
  /// The values of a query parameter, in their order.
  fileprivate func values(of name: String) -> [String] {
    query.filter { $0.name == name }.map(\.value)
  }

  /// The time until the scraper gives up, as Prometheus tells it; nil where it doesn't.
  fileprivate var scrapeTimeout: Duration? {
    guard let text = header("X-Prometheus-Scrape-Timeout-Seconds"), let seconds = Double(text),
      seconds > 0, seconds < 86_400
    else { return nil }
    return .seconds(seconds)
  }
}

extension String {
  fileprivate var htmlEscaped: String {
    reduce(into: "") { text, character in
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      default: text.append(character)
      }
    }
  }
}
