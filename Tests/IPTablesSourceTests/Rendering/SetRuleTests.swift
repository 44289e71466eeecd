import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Rules that refer to sets of ipset have the sets' names", .liveKernel)
struct SetRuleLiveTests {
  @Test("As iptables-save prints them", arguments: Backend.allCases, IPFamily.allCases)
  func rendered(_ backend: Backend, _ family: IPFamily) throws {
    let rules = RenderedRule.sets.filter { $0.family == family }
    let loaded = try LoadedRules(Self.dump(rules), family, .mangle, in: backend) {
      try Command.run("ipset", "restore", input: Array(Self.sets.utf8))
    }
    #expect(loaded.printed == rules.map(\.printed))
    #expect(loaded.rendered == rules.map(\.printed))
  }

  @Test("Also where an index is another set's by now", arguments: Backend.allCases)
  func reusedIndex(_ backend: Backend) throws {
    try withNetworkNamespace {
      let source = backend.source(tables: [.mangle])
      func made(_ names: String...) throws -> [Rule] {
        for name in names { try Command.run("ipset", "create", name, "hash:ip") }
        try load(names.map { RenderedRule("-m set --match-set \($0) src") }, backend)
        return try Self.rules(source)
      }
      let first = try made("one", "two")
      try load([], backend)
      try Command.run("ipset", "destroy")
      #expect(try Self.rules(source).isEmpty)
      let second = try made("two", "one")
      #expect(Self.texts(first) == Self.texts(second.reversed()))
      // An index is no content.
      #expect(first == second.reversed())
    }
  }

  @Test("A set that was swapped with another keeps its name", arguments: Backend.allCases)
  func swapped(_ backend: Backend) throws {
    try withNetworkNamespace {
      for name in ["one", "two"] { try Command.run("ipset", "create", name, "hash:ip") }
      try load([RenderedRule("-j SET --add-set one src --del-set two dst")], backend)
      let source = backend.source(tables: [.mangle])
      let before = try Self.rules(source)
      try Command.run("ipset", "swap", "one", "two")
      #expect(try Self.rules(source) == before)
      #expect(try Self.rules(backend.source(tables: [.mangle])) == before)
    }
  }

  /// Sets of the kinds that the rules ask for.
  private static let sets = """
    create cali40s:abc hash:net
    create "a b" hash:ip,port
    create six hash:net family inet6
    create marks hash:net skbinfo
    create 0123456789012345678901234567890 hash:ip

    """

  private func load(_ rules: [RenderedRule], _ backend: Backend) throws {
    try backend.load(Array(Self.dump(rules).utf8))
  }

  private static func dump(_ rules: [RenderedRule]) -> String {
    (["*mangle", ":HERE - [0:0]"] + rules.map { "-A HERE \($0.text)" } + ["COMMIT", ""])
      .joined(separator: "\n")
  }

  private static func rules(_ source: any RulesetSource) throws -> [Rule] {
    let reading = try #require(source.read().first { $0.family == .ipv4 })
    let chains = try reading.result.get().tables.flatMap(\.content.chains)
    return Array(try #require(chains.first { $0.name == "HERE" }).rules)
  }

  private static func texts(_ rules: [Rule]) -> [String] {
    rules.map { $0.text(in: "HERE") }
  }
}

extension RenderedRule {
  /// Those of a table mangle.
  static let sets: [RenderedRule] = [
    RenderedRule("-m set --match-set cali40s:abc src -j RETURN"),
    RenderedRule(
      #"-p tcp -m set ! --match-set "a b" src,dst"#, "-p tcp -m set ! --match-set a b src,dst"),
    RenderedRule("-m set --match-set cali40s:abc src --return-nomatch"),
    RenderedRule(
      "-m set --match-set cali40s:abc src ! --update-counters ! --update-subcounters --packets-eq 3 --bytes-gt 5"
    ),
    RenderedRule(
      "-m set --match-set cali40s:abc src ! --packets-eq 0 --bytes-lt 18446744073709551615"),
    RenderedRule("-m set --match-set cali40s:abc dst,src,dst,src,dst,src"),
    RenderedRule("-m set --match-set 0123456789012345678901234567890 dst"),
    RenderedRule(
      "-m set --match-set cali40s:abc src -m comment --comment x -m set ! --match-set marks dst"),
    RenderedRule("-j SET --add-set marks src"),
    RenderedRule("-j SET --add-set marks src --exist --timeout 0"),
    RenderedRule(
      "-j SET --del-set cali40s:abc dst --add-set marks src --timeout 4294967294",
      "-j SET --add-set marks src --timeout 4294967294 --del-set cali40s:abc dst"),
    RenderedRule(
      "-j SET --map-set marks dst --map-queue --map-mark",
      "-j SET --map-set marks dst --map-mark --map-queue"),
    RenderedRule("-j SET --map-set marks src --map-prio"),
    RenderedRule("-m set --match-set six src -j SET --add-set six dst", family: .ipv6),
  ]
}
