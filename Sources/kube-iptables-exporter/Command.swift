internal import ArgumentParser
private import CBuildInformation
internal import Collectors
internal import HTTPEndpoint
internal import IPTablesSource
internal import Logging
internal import Platform
internal import UnixSignals

/// The command: without a subcommand it serves the metrics until it is told to stop.
@main
struct Command: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kube-iptables-exporter",
    abstract: "Exports what kube-proxy's iptables rules hold, and what changes in them.",
    discussion: """
      Without a subcommand it serves the metrics over HTTP until SIGTERM. A subcommand stands first, and \
      has flags of its own: kube-iptables-exporter SUBCOMMAND --help lists them.

      EXAMPLES:
        kube-iptables-exporter
        kube-iptables-exporter --web.listen-address 127.0.0.1:9455 --backend nft
        kube-iptables-exporter --source file:saved.v4 --source file:saved.v6
        kube-iptables-exporter show
        kube-iptables-exporter diff before.rules
        kube-iptables-exporter check
        kube-iptables-exporter migrate
      """,
    version: Version.text, subcommands: tools.map { $0 as any ParsableCommand.Type })

  /// The subcommands.
  static let tools: [any Tool.Type] = [
    PrintMetrics.self, ShowServices.self, CompareRulesets.self, Check.self, Explain.self,
    Migrate.self,
    SaveRules.self,
  ]

  @Option(
    name: .customLong("web.listen-address"),
    help: ArgumentHelp(
      "Where to listen (repeatable). Without a host, on all addresses of both families. "
        + "(default: :9455)", valueName: "address"))
  var listenAddresses: [String] = []

  @Option(
    name: .customLong("web.config.file"),
    help: ArgumentHelp(
      "A file that turns on TLS and authentication, in the format of Prometheus' exporters.",
      valueName: "path"),
    completion: .file())
  var webConfigurationFile = ""

  @Option(
    name: .customLong("web.telemetry-path"),
    help: ArgumentHelp("The path of the metrics.", valueName: "path"))
  var telemetryPath = "/metrics"

  @Flag(
    name: .customLong("web.disable-exporter-metrics"),
    help: "Leave out the metrics of the exporter's own process (process_*).")
  var disablesExporterMetrics = false

  @Flag(
    name: .customLong("web.created-samples"),
    help: "Say in OpenMetrics when each counter began, where that is known (..._created).")
  var writesCreatedSamples = false

  @Option(
    name: .customLong("web.max-requests"),
    help: ArgumentHelp(
      "Answers at most so many scrapes at once; those beyond wait up to 5 seconds for their turn, "
        + "then they get 503. 0 for no limit. (default: 128)", valueName: "n"),
    transform: wholeNumber)
  var maxRequests = 128

  @Option(
    help: ArgumentHelp(
      "How often to look for changes between scrapes, such as 500ms, 1s or 5m; 0 for never. What is "
        + "read because of it takes at most a twentieth of one processor. (default: 1s)",
      valueName: "time"),
    transform: { try TimeSpan($0) })
  var watchInterval: TimeSpan?

  @Option(
    help: ArgumentHelp(
      "How often to look through the kernel's connection table for connections that rules no longer "
        + "explain, such as 30s or 5m; 0 for never. (default: 30s)", valueName: "time"),
    transform: { try TimeSpan($0) })
  var conntrackInterval: TimeSpan?

  @OptionGroup var sourceOptions: SourceOptions
  @OptionGroup var logOptions: LogOptions

  func validate() throws {
    _ = try addresses()
    if maxRequests < 0 { throw ValidationError("--web.max-requests can't be negative") }
    if watchInterval != nil, sourceOptions.readsFiles {
      throw ValidationError(
        "--watch-interval does nothing with --source file:, which is read at each scrape")
    }
    let interval = watchDuration
    guard interval == .zero || Self.watchIntervals.contains(interval) else {
      throw ValidationError("--watch-interval must be 0, or 10ms to 24h")
    }
    guard conntrackDuration == .zero || Self.conntrackIntervals.contains(conntrackDuration) else {
      throw ValidationError("--conntrack-interval must be 0, or 2s to 24h")
    }
    guard telemetryPath.hasPrefix("/"), telemetryPath.count > 1,
      !telemetryPath.contains(where: { $0 == "?" || $0 == "#" || $0.isWhitespace })
    else { throw ValidationError("--web.telemetry-path must be a path such as /metrics") }
    if ["/-/healthy", "/-/ready"].contains(telemetryPath) {
      throw ValidationError("--web.telemetry-path can't be \(telemetryPath)")
    }
  }

  func run() async throws {
    ProcessLimits.raiseOpenFiles()
    let logger = logOptions.makeLogger(level: .info)
    let limits = try httpLimits()
    let exporter = Exporter(
      source: sourceOptions.makeSource(),
      connections: sourceOptions.readsFiles || conntrackDuration == .zero ? nil : ConntrackReader(),
      options: sourceOptions.exporterOptions(
        exportsProcess: !disablesExporterMetrics, exportsBeginnings: writesCreatedSamples),
      logger: logger)
    let routes = Routes(
      exporter: exporter, telemetryPath: telemetryPath, maxRequests: maxRequests)
    let server = HTTPServer(
      addresses: try addresses(), routes: routes.table, limits: limits,
      security: try security(logger), logger: logger,
      onListening: { _ in
        logger.info(
          "started",
          metadata: [
            "version": "\(Version.build.version)", "revision": "\(Version.build.revision)",
          ])
      })
    // Ends with this function.
    async let _ = watch(exporter)
    async let _ = exporter.watchConnections(every: conntrackDuration)
    try await Self.runUntilSignalled(server)
    logger.info("stopped")
  }

  /// The file descriptors that the exporter opens for itself, those of a reading included.
  private static let ownFiles = 19

  /// The server's limits, with as many connections as there are file descriptors for: clients must
  /// not take what a reading needs.
  private func httpLimits() throws -> HTTPLimits {
    var limits = HTTPLimits()
    // What is left of the ten seconds is for ending.
    limits.drainTimeout = .seconds(9)
    guard let allowed = ProcessLimits.openFiles, let open = ProcessLimits.openFileCount else {
      return limits
    }
    let free = allowed - open - listenAddresses.count - Self.ownFiles
    guard free > 0 else {
      throw StartError(
        description: "too few file descriptors: raise the limit that ulimit -n shows")
    }
    limits.maxConnections = min(limits.maxConnections, free)
    return limits
  }

  private var watchDuration: Duration { watchInterval?.duration ?? .seconds(1) }

  /// More often than a hundred times a second is no looking any more; less than daily, none.
  private static let watchIntervals = Duration.milliseconds(10)...Duration.seconds(86_400)

  private var conntrackDuration: Duration { conntrackInterval?.duration ?? .seconds(30) }

  private static let conntrackIntervals = Duration.seconds(2)...Duration.seconds(86_400)

  private func watch(_ exporter: Exporter) async {
    if watchDuration > .zero {
      await exporter.watch(every: watchDuration)
    } else {
      await exporter.becomeReady(retryingEvery: .seconds(10))
    }
  }

  /// Runs the server until SIGTERM or SIGINT asks for its end, or it fails by itself.
  private static func runUntilSignalled(_ server: HTTPServer) async throws {
    let deadline = ShutdownDeadline(
      .seconds(10), words: "kube-iptables-exporter: did not end within ten seconds\n")
    defer { withExtendedLifetime(deadline) {} }
    // The product UnixSignals alone: ServiceLifecycle brings a megabyte of AsyncAlgorithms along.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let serving = Task { try await server.run() }
    let watching = Task {
      for await _ in signals { serving.cancel() }
    }
    defer { watching.cancel() }
    try await serving.value
  }

  /// What the web configuration says; nothing where none is given, as an empty path does as well.
  private func security(_ logger: Logger) throws -> ServerSecurity? {
    if webConfigurationFile.isEmpty { return nil }
    return try ServerSecurity(configurationFile: webConfigurationFile, logger: logger)
  }

  private func addresses() throws -> [ListenAddress] {
    do {
      return try (listenAddresses.isEmpty ? [":9455"] : listenAddresses).map(
        ListenAddress.init(parsing:))
    } catch {
      throw ValidationError("\(error)")
    }
  }
}

/// What keeps the exporter from starting.
private struct StartError: Error, CustomStringConvertible {
  let description: String
}

/// What this binary is.
enum Version {
  static let build = BuildInformation(
    version: "0.1.0", revision: revision, swiftVersion: swiftVersion)

  static var text: String {
    "kube-iptables-exporter \(build.version) (revision \(build.revision), Swift \(swiftVersion))"
  }

  /// The commit, or what the environment variable REVISION said at build time.
  private static var revision: String { unsafe String(cString: CBuildInformation_revision()) }

  /// The compiler's language version: `#if compiler` is all that a program can learn of it.
  private static var swiftVersion: String {
    #if compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}
