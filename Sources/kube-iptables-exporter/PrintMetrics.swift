internal import ArgumentParser
internal import Collectors
internal import Exposition
internal import Platform

/// One scrape to standard output.
struct PrintMetrics: AsyncParsableCommand, Tool {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Print one scrape, for node_exporter's textfile collector and for people.",
    discussion: """
      EXAMPLES:
        kube-iptables-exporter metrics
        kube-iptables-exporter metrics --source file:saved.rules
        kube-iptables-exporter metrics --services.include '^shop/'
        kube-iptables-exporter metrics --collector.rules --format openmetrics
      """,
    version: Version.text)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, openmetrics
  }

  @Option(help: "The format to print.")
  var format = Format.text

  @OptionGroup var sourceOptions: SourceOptions
  @OptionGroup var logOptions: LogOptions

  func run() async throws {
    let format: ExpositionFormat = self.format == .text ? .text : .openMetrics
    // The process ends with the scrape, so metrics of it would say nothing.
    let exporter = Exporter(
      source: sourceOptions.makeSource(),
      options: sourceOptions.exporterOptions(exportsProcess: false),
      // A line for each scrape would be a mail for each, where cron runs it.
      logger: logOptions.makeLogger(level: .warn))
    let segments = try await exporter.scrape(ScrapeRequest(format: format, scraper: "stdout"))
    for segment in segments { try StandardOutput.write(segment) }
  }
}
