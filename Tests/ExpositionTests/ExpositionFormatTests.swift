import Exposition
import Testing

@Suite("The format that a request asks for")
struct ExpositionFormatTests {
  struct Negotiation: CustomTestStringConvertible {
    let testDescription: String
    let accept: String?
    let format: ExpositionFormat

    init(_ asker: String, _ accept: String?, _ format: ExpositionFormat) {
      testDescription = asker
      self.accept = accept
      self.format = format
    }
  }

  static let scrapers = [
    Negotiation("nobody in particular", nil, .text),
    Negotiation("an empty header", "", .text),
    Negotiation("curl", "*/*", .text),
    Negotiation(
      "a browser",
      "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
      .text),
    Negotiation(
      "Prometheus 2.5 to 2.42",
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      .openMetrics),
    Negotiation(
      "Prometheus 2 with native histograms",
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
        + "application/openmetrics-text;version=1.0.0;q=0.8,"
        + "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,"
        + "*/*;q=0.1",
      .openMetrics),
    Negotiation(
      "Prometheus 3",
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
        + "application/openmetrics-text;version=0.0.1;q=0.4,"
        + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,"
        + "*/*;q=0.1",
      .openMetrics),
    Negotiation(
      "Prometheus 3 with protobuf first",
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
        + "escaping=allow-utf-8;q=0.6,"
        + "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
        + "application/openmetrics-text;version=0.0.1;q=0.4,"
        + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,"
        + "*/*;q=0.1",
      .openMetrics),
    Negotiation(
      "Prometheus 3 with the text protocol only", "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
      .text),
    Negotiation("VictoriaMetrics", "text/plain;version=0.0.4;q=1,*/*;q=0.1", .text),
  ]

  static let wishes = [
    Negotiation("OpenMetrics in any version", "application/openmetrics-text", .openMetrics),
    Negotiation(
      "OpenMetrics 0.0.1 alone, which is not served",
      "application/openmetrics-text;version=0.0.1", .text),
    Negotiation(
      "text above OpenMetrics",
      "application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5", .text),
    Negotiation(
      "OpenMetrics above text, named last",
      "text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.9",
      .openMetrics),
    Negotiation(
      "both alike, text first",
      "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0", .text),
    Negotiation(
      "both alike, OpenMetrics first",
      "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4", .openMetrics),
    Negotiation("no OpenMetrics at all", "application/openmetrics-text;q=0,text/plain", .text),
    Negotiation(
      "spaces, tabs and capitals",
      "Application/OpenMetrics-Text ;\tVersion=1.0.0 ; Q=0.7 , */*;q=0",
      .openMetrics),
    Negotiation("a quality that is none", "application/openmetrics-text;q=best", .text),
    Negotiation("separators only", ",;,=;q", .text),
  ]

  @Test("Scrapers get what they can read", arguments: scrapers)
  func scraper(_ negotiation: Negotiation) {
    #expect(ExpositionFormat.negotiate(accept: negotiation.accept).format == negotiation.format)
  }

  @Test("Quality values count, then the order", arguments: wishes)
  func wish(_ negotiation: Negotiation) {
    #expect(ExpositionFormat.negotiate(accept: negotiation.accept).format == negotiation.format)
  }

  @Test(
    "The content type names the escaping scheme if the request does",
    arguments: [
      (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1",
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
      ),
      (
        "text/plain;version=0.0.4; Escaping = underscores",
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
      ),
      ("*/*;escaping=dots", "text/plain; version=0.0.4; charset=utf-8; escaping=dots"),
      ("text/*;escaping=values", "text/plain; version=0.0.4; charset=utf-8; escaping=values"),
      ("text/plain;escaping=backslashes", "text/plain; version=0.0.4; charset=utf-8"),
      (
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2",
        "text/plain; version=0.0.4; charset=utf-8"
      ),
    ])
  func escaping(_ accept: String, _ contentType: String) {
    #expect(ExpositionFormat.negotiate(accept: accept).contentType == contentType)
  }

  @Test(
    "The content type names format and version",
    arguments: [
      (ExpositionFormat.text, "text/plain; version=0.0.4; charset=utf-8"),
      (.openMetrics, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ])
  func contentType(_ format: ExpositionFormat, _ contentType: String) {
    #expect(format.contentType == contentType)
    #expect(ExpositionFormat.negotiate(accept: format.contentType).format == format)
  }
}
