import Glibc
import IPTablesSource
import Logging
import Netfilter
import Synchronization
import TestSupport
import Testing
import Tracking

@testable import Collectors

@Suite("The connection table of a live kernel", .liveKernel, .serialized)
struct ConntrackLiveTests {
  /// Both backends and address families, with and without the kernel's counting packets.
  struct Case: CustomTestStringConvertible {
    let backend: Backend
    let family: IPFamily
    let countsPackets: Bool

    var testDescription: String {
      "\(backend), \(family.rawValue), \(countsPackets ? "with" : "without") counters"
    }
  }

  static let cases = [
    Case(backend: .legacy, family: .ipv4, countsPackets: false),
    Case(backend: .legacy, family: .ipv6, countsPackets: true),
    Case(backend: .nft, family: .ipv4, countsPackets: true),
    Case(backend: .nft, family: .ipv6, countsPackets: false),
  ]

  @Test("Of hundreds of service ports each count is what conntrack -L lists", arguments: cases)
  func exact(_ example: Case) async throws {
    Self.allowManyFiles()
    var cluster = LiveCluster(example.family, services: 210)
    let looks = try withNetworkNamespace { try Self.play(example, &cluster) }
    let stage = StagedSource.Stage()
    let script = ScriptedConnections.Script()
    script.local = [try #require(IPAddress(cluster.node))]
    let time = PassedSeconds()
    let exporter = Exporter(
      source: StagedSource(stage), connections: ScriptedConnections(script),
      options: .plain(collectors: Set(Collector.allCases)),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { time.moment })
    for look in looks {
      stage.show(look.reading)
      script.entries = look.entries
      time.passed.withLock { $0 = look.seconds }
      _ = await exporter.connections?.dump { .zero }
      try await look.check(exporter.metrics())
    }
    // The story has all that it is about.
    #expect(looks.map { $0.listed.count > 300 } == [true, true, true, true])
    let stale = looks.map { $0.stale.values.reduce(0, +) }
    #expect(stale[0] == 0 && stale[1] > 50 && stale[2] == stale[1] && stale[3] < stale[2])
    #expect(stale[3] > 0 && looks[2].blackholed.values.reduce(0, +) > 10)
  }

  /// Opens connections, takes endpoints away, lets some clients go on, and cleans up as kube-proxy does.
  private static func play(_ example: Case, _ cluster: inout LiveCluster) throws -> [LiveLook] {
    try cluster.setUp()
    let number = example.countsPackets ? 1 : 0
    try Command.run("sh", "-c", "echo \(number) >/proc/sys/net/netfilter/nf_conntrack_acct")
    try example.backend.load(cluster.ruleset.bytes, example.family)
    let start = ContinuousClock.now
    let everyone = try #require(IPAddress(example.family == .ipv4 ? "0.0.0.0" : "::"))
    let listener = try LiveSocket("tcp", boundTo: everyone, 8080)
    // Of the UDP endpoints every second one answers.
    var answering: [String: LiveSocket] = [:]
    for service in cluster.services where service.transport == "udp" {
      for endpoint in service.endpoints.enumerated()
      where (service.number + endpoint.offset) % 2 == 0 {
        let address = try #require(IPAddress(Self.address(of: endpoint.element)))
        answering[endpoint.element] = try LiveSocket("udp", boundTo: address, 8053)
      }
    }
    defer { withExtendedLifetime((listener, answering)) {} }
    var clients: [(socket: LiveSocket, goesOn: Bool)] = []
    for service in cluster.services {
      let places = [
        (service.address, service.port), (service.address, service.port),
        (
          service.nodePort == nil ? service.address : cluster.node, service.nodePort ?? service.port
        ),
      ]
      for (number, place) in places.enumerated() {
        let socket = try LiveSocket(
          service.transport, connectingTo: #require(IPAddress(place.0)), place.1)
        socket.send()
        clients.append((socket, service.transport == "udp" && number > 0))
      }
    }
    for endpoint in answering.values { endpoint.answer() }
    let going = Set(clients.filter(\.goesOn).map(\.socket.port))
    let reader = ConntrackReader()
    let look = { (cluster: LiveCluster, isAgain: Bool) in
      try LiveLook(
        cluster, example.backend, reader, seconds: (ContinuousClock.now - start) / .seconds(1),
        // Who counts packets knows that somebody still answers.
        goingOn: isAgain ? going : [], answering: example.countsPackets ? Set(answering.keys) : [])
    }
    var looks = [try look(cluster, false)]
    cluster.removeEndpoints()
    try example.backend.load(cluster.ruleset.bytes, example.family)
    looks.append(try look(cluster, false))
    sleep(3)
    for client in clients where client.goesOn { client.socket.send() }
    for endpoint in answering.values { endpoint.answer() }
    looks.append(try look(cluster, true))
    // kube-proxy cleans up UDP only. Here it has not come to all service ports.
    for place in looks[2].stalePlaces.sorted()
    where place.service.number % 2 == 0 && place.service.transport == "udp" {
      try Command.run(
        "conntrack", "-D", "-f", example.family == .ipv4 ? "ipv4" : "ipv6", "-p", "udp",
        "--reply-src", Self.address(of: place.endpoint))
    }
    looks.append(try look(cluster, false))
    return looks
  }

  private static func address(of endpoint: String) -> String {
    endpoint.first == "["
      ? String(endpoint.dropFirst().prefix { $0 != "]" }) : String(endpoint.prefix { $0 != ":" })
  }

  private static func allowManyFiles() {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    unsafe getrlimit(kind, &limit)
    limit.rlim_cur = min(limit.rlim_max, max(limit.rlim_cur, 8192))
    unsafe setrlimit(kind, &limit)
  }

  @Test("Statistics are those of conntrack -C and -S")
  func statistics() throws {
    let cluster = LiveCluster(.ipv4, services: 10)
    try withNetworkNamespace {
      let reader = ConntrackReader()
      try cluster.setUp()
      try LegacyCommands.restore(cluster.ruleset.bytes)
      let clients = try cluster.services.filter { $0.transport == "udp" }.map {
        try LiveSocket("udp", connectingTo: #require(IPAddress($0.address)), $0.port)
      }
      for client in clients { client.send() }
      guard case .read(let statistics) = reader.readStatistics() else {
        Issue.record("not read")
        return
      }
      let count = String(decoding: try Command.run("conntrack", "-C"), as: UTF8.self)
      #expect("\(statistics.entries)\n" == count)
      #expect(statistics.entries >= 6)
      let limit = String(
        decoding: try Command.run("cat", "/proc/sys/net/netfilter/nf_conntrack_max"),
        as: UTF8.self)
      #expect(statistics.limit.map { "\($0)\n" } == limit)
      let text = String(decoding: try Command.run("conntrack", "-S"), as: UTF8.self)
      for event in ConntrackStatistics.Event.allCases {
        let name = event == .chainTooLong ? "chaintoolong" : event.rawValue
        let sum = text.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix(name + "=") }
          .compactMap { UInt64($0.dropFirst(name.count + 1)) }.reduce(0, +)
        #expect(statistics[event] == sum, "\(event)")
      }
    }
  }

  @Test("Each network namespace has its own, and whoever lacks the capability is told")
  func namespaces() throws {
    let cluster = LiveCluster(.ipv4, services: 3)
    try withNetworkNamespace {
      let outer = ConntrackReader()
      try cluster.setUp()
      try LegacyCommands.restore(cluster.ruleset.bytes)
      let service = cluster.services[1]
      let client = try LiveSocket(
        "udp", connectingTo: #require(IPAddress(service.address)), service.port)
      client.send()
      let count = { (reader: ConntrackReader) in
        var count = 0
        _ = try reader.forEachTranslated(.ipv4) { _ in count += 1 }
        _ = try reader.forEachTranslated(.ipv6) { _ in Issue.record("an entry") }
        return count
      }
      #expect(try count(outer) == 1)
      try withNetworkNamespace {
        let counts = (try count(ConntrackReader()), try count(outer))
        #expect(counts == (0, 1))
      }
      let error = #expect(throws: ReadingError.self) {
        try withoutCapabilities { try count(ConntrackReader()) }
      }
      #expect(error?.code == EPERM)
    }
  }
}
