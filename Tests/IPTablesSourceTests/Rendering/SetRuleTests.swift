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

@Suite("Rules that refer to sets of ipset, as the kernel's bytes have them")
struct SetRuleTests {
  @Test("A set that the kernel names to nobody leaves the match unrecognised")
  func unnamed() {
    #expect(Self.text("set", 4, Self.match4) == "-A HERE -m set [unrecognised, 48 bytes]")
  }

  @Test("Older revisions are known as well")
  func revisions() throws {
    #expect(
      Self.text("set", 1, try Self.naming("set", 1, [5, 0, 2, 0b011]))
        == "-A HERE -m set ! --match-set five src,dst")
    #expect(
      Self.text("set", 2, try Self.naming("set", 2, [5, 0, 1, 0x80, 0, 0, 0, 0]))
        == "-A HERE -m set --match-set five dst --return-nomatch")
    var match3 = Self.match4
    match3[8..<24] = [4, 0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0, 0, 0, 0, 0]
    #expect(
      Self.text("set", 3, try Self.naming("set", 3, match3))
        == "-A HERE -m set --match-set five src --packets-gt 263")
    let target: [UInt8] = [5, 0, 1, 2, 255, 255, 0, 0]
    #expect(
      Self.text("SET", 1, try Self.naming("SET", 1, target), isTarget: true)
        == "-A HERE -j SET --add-set five src")
    #expect(
      Self.text(
        "SET", 2, try Self.naming("SET", 2, target + [1, 0, 0, 0, 255, 255, 255, 255]),
        isTarget: true) == "-A HERE -j SET --add-set five src --exist")
  }

  @Test(
    "Bytes that are cut short have no names",
    arguments: [("set", 1, 2), ("set", 4, 2), ("SET", 1, 6), ("SET", 3, 10)]
      as [(String, UInt8, Int)])
  func cutShort(_ name: String, _ revision: UInt8, _ enough: Int) throws {
    let references = try #require(SetReferences(name: name, revision: revision))
    for size in 0..<64 {
      let payload = references.payload([UInt8](repeating: 0, count: size)) { _ in [65] }
      #expect((payload != nil) == (size >= enough), "\(size) bytes")
    }
    #expect(SetReferences(name: name, revision: 0) == nil)
    #expect(SetReferences(name: name, revision: 5) == nil)
  }

  @Test("A name that is longer than any is cut, and its end stays a zero")
  func longName() throws {
    let references = try #require(SetReferences(name: "set", revision: 1))
    let name = [UInt8](repeating: 65, count: 40)
    let payload = try #require(references.payload([5, 0, 1, 2]) { _ in name })
    #expect(payload.count == SetReferences.nameSize + 4)
    #expect(payload[SetReferences.nameSize - 1] == 0)
  }

  /// A source address in set 5, with counters that nothing is compared with.
  private static let match4 = [5, 0, 1, 2] + [UInt8](repeating: 0, count: 44)

  private static func naming(
    _ name: String, _ revision: UInt8, _ info: [UInt8]
  ) throws -> [UInt8] {
    let references = try #require(SetReferences(name: name, revision: revision))
    return try #require(references.payload(info) { $0 == 5 ? Array("five".utf8) : [] })
  }

  private static func text(
    _ name: String, _ revision: UInt8, _ payload: [UInt8], isTarget: Bool = false
  ) -> String {
    let text = StructText(name, revision, payload)
    return isTarget ? text.targetText : text.matchText
  }
}
