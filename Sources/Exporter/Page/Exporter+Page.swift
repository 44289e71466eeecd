internal import IPTablesSource

extension Exporter {
  /// Renders the page for people, of a reading that is made as for a scrape.
  ///
  /// It takes no scraper's churn: nobody's "since the last scrape" begins with it.
  ///
  /// - Returns: HTML in UTF-8, in segments, to be sent with ``Page/headers``.
  public func page(_ request: PageRequest) async -> [[UInt8]] {
    let showsConnections = options.collectors.contains(.connections)
    let state = await monitor.state(
      asOf: .now, counters: showsConnections ? .connections : [])
    return Page(
      state: state, request: request, build: options.build, showsConnections: showsConnections,
      now: now()
    ).render()
  }
}
