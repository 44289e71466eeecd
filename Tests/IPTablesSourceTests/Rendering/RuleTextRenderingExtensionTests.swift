import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Matches that aren't decoded are rendered as iptables-save prints them")
struct RuleTextRenderingExtensionTests {
  @Test("A saved file's options stay as they are", arguments: RenderedRule.extensions)
  func saved(_ rule: RenderedRule) throws {
    let text = String(rule.printed.dropFirst("-A HERE ".count))
    let dump = RuleText(text, family: rule.family, table: rule.table).dump
    let read = try #require(RuleText.rule(in: SaveFileParser.parse(Array(dump.utf8))))
    #expect(read.text(in: "HERE") == rule.printed)
  }

  @Test("A struct that isn't whole is counted, and none traps", arguments: KernelStruct.all)
  func truncated(_ kernels: KernelStruct) {
    let aligned = (kernels.size + 7) / 8 * 8
    for byte: UInt8 in [0, 1, 3, 12, 127, 255] {
      for size in 1...(aligned + 9) {
        let text = kernels.text(Array(repeating: byte, count: size))
        let isCounted = text == "-A HERE -m \(kernels.name) [unrecognised, \(size) bytes]"
        if size != kernels.size, size != aligned { #expect(isCounted, "\(size) bytes") }
      }
    }
  }

  @Test("What iptables can't write is counted")
  func unwritable() {
    func isCounted(_ name: String, _ revision: UInt8, _ payload: [UInt8]) -> Bool {
      KernelStruct(name, revision, payload.count).text(payload).hasSuffix("bytes]")
    }
    #expect(isCounted("ttl", 0, [4, 0, 0, 0, 0, 0, 0, 0]))
    #expect(isCounted("pkttype", 0, [3, 0, 0, 0, 0, 0, 0, 0]))
    #expect(isCounted("icmp", 1, [8, 0, 255, 0, 0, 0, 0, 0]))
    #expect(!isCounted("icmp", 0, [8, 0, 255, 0, 0, 0, 0, 0]))
    let zeros = [UInt8](repeating: 0, count: 1984)
    #expect(isCounted("connlimit", 1, [255, 0, 255, 0] + zeros[..<28]))
    #expect(isCounted("string", 1, Array(zeros[..<160])))
    #expect(isCounted("policy", 0, zeros[..<306] + [5, 0, 0, 0, 0, 0]))
    #expect(isCounted("bpf", 1, [2] + zeros[..<527]))
    #expect(isCounted("u32", 0, zeros[..<1980] + [12, 0, 0, 0]))
    #expect(isCounted("hashlimit", 3, zeros[..<260] + [1] + zeros[..<11] + [32] + zeros[..<39]))
  }
}

@Suite("Matches that aren't decoded are rendered of the kernel's structs", .liveKernel)
struct RuleTextRenderingExtensionLiveTests {
  @Test("In either backend", arguments: Backend.allCases, RenderedRule.extensions)
  func rendered(_ backend: Backend, _ rule: RenderedRule) throws {
    let loaded = try LoadedRules(rule, in: backend)
    #expect(loaded.printed == [rule.printed])
    #expect(loaded.rendered == [rule.printed])
  }
}

/// A struct that the kernel keeps of a match, by the size that C gives it.
struct KernelStruct: Sendable, CustomStringConvertible {
  let name: String
  let revision: UInt8
  let size: Int
  let family: IPFamily

  init(_ name: String, _ revision: UInt8, _ size: Int, _ family: IPFamily = .ipv4) {
    self.name = name
    self.revision = revision
    self.size = size
    self.family = family
  }

  var description: String { "\(name) \(revision)" }

  func text(_ payload: [UInt8]) -> String {
    StructText(name, revision, payload, family).matchText
  }

  static let all = [
    KernelStruct("icmp", 0, 4), KernelStruct("icmp6", 0, 4, .ipv6), KernelStruct("ttl", 0, 2),
    KernelStruct("hl", 0, 2, .ipv6), KernelStruct("rt", 0, 280, .ipv6),
    KernelStruct("length", 0, 6), KernelStruct("tcpmss", 0, 6), KernelStruct("dscp", 0, 2),
    KernelStruct("tos", 1, 3), KernelStruct("esp", 0, 12), KernelStruct("ah", 0, 12),
    KernelStruct("ah", 0, 16, .ipv6), KernelStruct("frag", 0, 16, .ipv6),
    KernelStruct("hbh", 0, 40, .ipv6), KernelStruct("dst", 0, 40, .ipv6),
    KernelStruct("physdev", 0, 66), KernelStruct("rpfilter", 0, 1), KernelStruct("mac", 0, 12),
    KernelStruct("pkttype", 0, 8), KernelStruct("iprange", 1, 68),
    KernelStruct("connmark", 1, 12), KernelStruct("owner", 1, 20), KernelStruct("socket", 3, 1),
    KernelStruct("helper", 0, 36), KernelStruct("connlimit", 1, 32),
    KernelStruct("cgroup", 0, 8), KernelStruct("cgroup", 2, 528),
    KernelStruct("hashlimit", 3, 312), KernelStruct("string", 1, 160),
    KernelStruct("policy", 0, 308), KernelStruct("u32", 0, 1984), KernelStruct("time", 0, 24),
    KernelStruct("bpf", 1, 528), KernelStruct("bpf", 0, 528), KernelStruct("cgroup", 1, 4112),
    KernelStruct("cluster", 0, 16), KernelStruct("connbytes", 0, 24),
    KernelStruct("connlabel", 0, 4), KernelStruct("cpu", 0, 8), KernelStruct("dccp", 0, 16),
    KernelStruct("devgroup", 0, 20), KernelStruct("ecn", 0, 4),
    KernelStruct("eui64", 0, 4, .ipv6), KernelStruct("hashlimit", 1, 56),
    KernelStruct("hashlimit", 2, 304), KernelStruct("ipcomp", 0, 12),
    KernelStruct("ipv6header", 0, 3, .ipv6), KernelStruct("ipvs", 0, 40),
    KernelStruct("mh", 0, 3, .ipv6), KernelStruct("osf", 0, 48), KernelStruct("quota", 0, 24),
    KernelStruct("rateest", 0, 72), KernelStruct("realm", 0, 12), KernelStruct("sctp", 0, 292),
    KernelStruct("srh", 0, 10, .ipv6), KernelStruct("srh", 1, 108, .ipv6),
    KernelStruct("state", 0, 4),
  ]
}
