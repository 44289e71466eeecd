import Netfilter
import Testing
import XTables

@Suite("Structs that a current iptables doesn't write, or few kernels take")
struct RareStructTests {
  @Test(
    "The options are libxtables'",
    arguments: hashLimits + programs + states + groups + virtualServers + comparisons + targets)
  func options(_ example: KernelStruct) {
    let role = example.role == .match ? "m" : "j"
    #expect(example.text == " -\(role) \(example.name)\(example.options)")
  }

  @Test(
    "A struct for which there are no options is counted",
    arguments: unwritableMatches + unwritableTargets)
  func unwritable(_ example: KernelStruct) {
    #expect(example.text.hasPrefix(example.unknownText(example.bytes.count)))
  }

  private static let hashLimits: [KernelStruct] = [
    .match(
      "hashlimit", 1, hashLimit1(average: 2000, burst: 5, expiry: 1000),
      " --hashlimit-upto 5/sec --hashlimit-burst 5 --hashlimit-name nm"),
    .match(
      "hashlimit", 1,
      hashLimit1(average: 15000, burst: 5, masks: [128, 64]),
      " --hashlimit-upto 40/min --hashlimit-burst 5 --hashlimit-name nm --hashlimit-htable-expire 0 --hashlimit-dstmask 64",
      .ipv6),
    .match(
      "hashlimit", 1, hashLimit1(average: .max, burst: .max, mode: 15),
      " --hashlimit-upto 0/day --hashlimit-burst 4294967295 --hashlimit-mode srcip,srcport,dstip,dstport --hashlimit-name nm --hashlimit-htable-expire 0"
    ),
    .match(
      "hashlimit", 1, hashLimit1(average: 32767, burst: 3, mode: 48),
      " --hashlimit-above 2mb/s --hashlimit-burst 6mb --hashlimit-name nm --hashlimit-htable-expire 0"
    ),
    .match(
      "hashlimit", 1, hashLimit1(average: .max, burst: .max, mode: 32),
      " --hashlimit-upto 0b/s --hashlimit-burst 0b --hashlimit-name nm --hashlimit-htable-expire 0"),
    .match(
      "hashlimit", 2, hashLimit2(average: 200_000, burst: 5, expiry: 1000),
      " --hashlimit-upto 5/sec --hashlimit-burst 5 --hashlimit-name nm"),
    .match(
      "hashlimit", 2, hashLimit2(average: 0, burst: 0),
      " --hashlimit-upto inf --hashlimit-burst 0 --hashlimit-name nm"),
    .match(
      "hashlimit", 2, hashLimit2(average: 1 << 63, burst: 1 << 63),
      " --hashlimit-upto 0/day --hashlimit-burst 9223372036854775808 --hashlimit-name nm --hashlimit-htable-expire 0"
    ),
    // The bit of --hashlimit-rate-match, which this revision doesn't have.
    .match(
      "hashlimit", 2,
      hashLimit2(
        average: 8191, burst: 4096, mode: 0x60, table: [1, 2, 3], expiry: 60000, masks: [24, 16]),
      " --hashlimit-upto 8mb/s --hashlimit-burst 32771mb --hashlimit-name nm --hashlimit-htable-size 1 --hashlimit-htable-max 2 --hashlimit-htable-gcinterval 3 --hashlimit-srcmask 24 --hashlimit-dstmask 16"
    ),
  ]

  private static let programs: [KernelStruct] = [
    .match(
      "bpf", 0,
      padded(
        .number(2 as UInt32) + [48, 0, 0, 0] + .number(9 as UInt32) + [6, 0, 1, 2]
          + .number(UInt32.max), 528),
      " --bytecode \"2,48 0 0 9,6 1 2 4294967295\""),
    .match("cgroup", 1, padded([1, 0, 1, 0] + Array("/a b".utf8), 4112), " ! --path \"/a b\""),
    .match(
      "cgroup", 1, padded(padded([0, 1, 0, 1], 4100) + .number(UInt32.max), 4112),
      " ! --cgroup 4294967295"),
    .match(
      "cgroup", 1,
      padded(padded([1, 1, 0, 0] + Array("/x".utf8), 4100) + .number(5 as UInt32), 4112),
      " --path \"/x\" --cgroup 5"),
    .match(
      "srh", 0,
      padded(
        [255, 2, 3, 4] + .number(UInt16.max) + .number(0x3fff as UInt16) + .number(0x7ff as UInt16),
        16),
      " ! --srh-next-hdr 255 ! --srh-hdr-len-eq 2 ! --srh-hdr-len-gt 2 ! --srh-hdr-len-lt 2 ! --srh-segs-left-eq 3 ! --srh-segs-left-gt 3 ! --srh-segs-left-lt 3 ! --srh-last-entry-eq 4 ! --srh-last-entry-gt 4 ! --srh-last-entry-lt 4 ! --srh-tag 65535",
      .ipv6),
  ]

  private static let states: [KernelStruct] = [
    .match("state", 0, padded([1], 8), " --state INVALID"),
    .match("state", 0, padded([15], 8), " --state INVALID,NEW,RELATED,ESTABLISHED"),
  ]

  /// Zero has a name in the files that iproute2 comes with, which a node's iptables looks into.
  private static let groups: [KernelStruct] = [
    .match(
      "devgroup", 0, padded([9, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255], 24),
      " --src-group default"),
    .match(
      "devgroup", 0, padded(padded([12], 16) + [255, 255, 255, 255], 24), " ! --dst-group default"),
    .match("realm", 0, padded([0, 0, 0, 0, 255, 255, 255, 255, 1], 16), " ! --realm cosmos"),
    .match("realm", 0, padded([], 16), " --realm 0x0/0x0"),
    .match(
      "iprange", 0, [10, 0, 0, 1, 10, 0, 0, 9, 10, 1, 0, 1, 10, 1, 0, 2, 0x23, 0, 0, 0],
      " --src-range 10.0.0.1-10.0.0.9 ! --dst-range 10.1.0.1-10.1.0.2"),
  ]

  private static let virtualServers: [KernelStruct] = [
    virtualServer([0, 0, 0, 0, 0, 0, 0, 1], " --ipvs"),
    virtualServer([0, 0, 0, 0, 0, 0, 1, 1], " ! --ipvs"),
    virtualServer([0, 0, 0, 0, 0, 0, 1, 3], " --vproto 0"),
    virtualServer(
      [0, 80, 6, 0, 0, 21, 0, 127],
      " --vproto 6 --vaddr 10.0.0.1 --vport 80 --vdir ORIGINAL --vmethod MASQ --vportctl 21"),
    virtualServer(
      [255, 255, 17, 2, 0, 21, 126, 127], mask: [255, 255, 0, 0],
      " ! --vproto 17 ! --vaddr 10.0.0.1/16 ! --vport 65535 --vdir REPLY ! --vmethod IPIP ! --vportctl 21"
    ),
    virtualServer([0, 0, 0, 3, 0, 0, 0, 33], " --vmethod GATE"),
    virtualServer(
      [0, 0, 0, 0, 0, 0, 0, 5], mask: [255, 0, 255, 0], " --vaddr 10.0.0.1/255.0.255.0"),
    .match(
      "ipvs", 0,
      padded([0xfd], 16) + padded([255, 255], 16) + [0, 0, 0, 0, 0, 0, 0, 5],
      " --vaddr fd00::/16", .ipv6),
  ]

  /// Rates on the edges of units, and of rounding.
  private static let comparisons: [KernelStruct] = [
    (0, "0bit"), (124_999, "999992bit"), (125_000, "1000Kbit"), (124_999_999, "1000000Kbit"),
    (125_000_000, "1000Mbit"), (125_062_500, "1000Mbit"), (125_187_500, "1002Mbit"),
    (.max, "34360Mbit"),
  ].map {
    .match(
      "rateest", 0, rateEstimate(0x12, 1, $0), " --rateest n1 --rateest-eq --rateest-bps \($1)")
  }

  private static let targets: [KernelStruct] = [
    .target(
      "SECMARK", 0, padded([1, 0, 0, 0, 7, 0, 0, 0] + Array("a:b:c:s0".utf8), 264),
      " --selctx a:b:c:s0"),
    .target("SECMARK", 1, padded([1] + Array("a:b:c:s0".utf8), 264), " --selctx a:b:c:s0"),
    .target(
      "SNPT", 0, padded(padded([0xfd], 32) + [0, 128], 40), " --src-pfx fd00::/0 --dst-pfx ::/128",
      .ipv6),
    .target("TCPOPTSTRIP", 0, padded([], 32), ""),
    .target("TCPOPTSTRIP", 0, padded([255], 32), " --strip-options 0,1,2,3,4,5,6,7"),
    .target(
      "ECN", 0, padded([0x31, 2, 0], 8), " --ecn-tcp-ece 0 --ecn-tcp-cwr 0 --ecn-ip-ect 2"),
    .target("ECN", 0, padded([0x30, 2, 0], 8), " --ecn-tcp-remove"),
    .target(
      "RATEEST", 0, estimator(3, 9),
      " --rateest-name nm --rateest-interval 8.0s --rateest-ewmalog 4096.0s"),
  ]

  private static let unwritableMatches: [KernelStruct] = [
    .match("bpf", 0, padded([65], 528)),
    .match("bpf", 0, padded([], 528)),
    .match("connbytes", 0, padded(padded([], 16) + [3, 0], 24)),
    .match("connbytes", 0, padded(padded([], 16) + [0, 3], 24)),
    .match("dccp", 0, padded(padded([], 8) + [4, 0, 0, 0, 0, 8], 16)),
    .match("ecn", 0, padded([1, 0, 4], 8)),
    .match("hashlimit", 2, hashLimit2(average: 1 << 32, burst: 1, mode: 32)),
    .match("ipv6header", 0, padded([0, 1, 1], 8), "", .ipv6),
    virtualServer([0, 0, 0, 1, 0, 0, 0, 33], ""),
    .match("osf", 0, padded(padded([76], 32) + [1, 0, 0, 0, 7, 0, 0, 0, 3], 48)),
    .match("osf", 0, padded(padded([76], 32) + [1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 3], 48)),
    .match("rateest", 0, rateEstimate(0x12, 0, 1)),
    .match("rateest", 0, rateEstimate(0x12, 4, 1)),
    .match("rateest", 0, rateEstimate(0x10, 1, 1)),
    .match("rateest", 0, rateEstimate(0x16, 1, 1)),
    .match("sctp", 0, chunks([1], mode: 3)),
    .match("sctp", 0, chunks([1], flagCount: 5)),
    .match("sctp", 0, chunks([0, 0, 16])),
    .match("sctp", 0, chunks(padded([1], 32) + [1])),
    .match("sctp", 0, chunks([UInt8](repeating: 255, count: 32))),
    .match("sctp", 0, chunks(padded([], 8) + [1], flags: [64, 1, 1], flagCount: 1)),
    .match("state", 0, padded([16], 8)),
    .match("state", 0, padded([], 8)),
    .match("srh", 1, padded(padded(padded([], 56) + [0, 1], 105) + [8], 112), "", .ipv6),
  ]

  private static let unwritableTargets: [KernelStruct] = [
    .target("SNPT", 0, padded(padded([], 32) + [129, 0], 40), "", .ipv6),
    .target("DNPT", 0, padded(padded([], 32) + [0, 129], 40), "", .ipv6),
    .target("HMARK", 0, padded(padded([255, 0, 255], 40) + [1], 64)),
    .target("RATEEST", 0, estimator(-3, 1)),
    .target("RATEEST", 0, estimator(4, 1)),
    .target("RATEEST", 0, estimator(-2, 15)),
    .target("RATEEST", 0, estimator(-2, 32)),
  ]
}

extension RareStructTests {
  fileprivate static func padded(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: size - bytes.count)
  }

  fileprivate static func hashLimit1(
    average: UInt32, burst: UInt32, mode: UInt32 = 0, expiry: UInt32 = 0, masks: [UInt8] = [32, 32]
  ) -> [UInt8] {
    let numbers = [mode, average, burst, 0, 0, 1000, expiry]
    return padded(padded(Array("nm".utf8), 16) + numbers.flatMap { [UInt8].number($0) } + masks, 56)
  }

  fileprivate static func hashLimit2(
    average: UInt64, burst: UInt64, mode: UInt32 = 0, table: [UInt32] = [0, 0, 1000],
    expiry: UInt32 = 0, masks: [UInt8] = [32, 32]
  ) -> [UInt8] {
    let numbers = ([mode] + table + [expiry]).flatMap { [UInt8].number($0) }
    let rate: [UInt8] = .number(average) + .number(burst)
    return padded(padded(Array("nm".utf8), 256) + rate + numbers + masks, 304)
  }

  /// - Parameter rest: Port, protocol, forwarding, the other port, inversion, and options.
  fileprivate static func virtualServer(
    _ rest: [UInt8], mask: [UInt8] = [255, 255, 255, 255], _ options: String
  ) -> KernelStruct {
    .match("ipvs", 0, padded([10, 0, 0, 1], 16) + padded(mask, 16) + rest, options)
  }

  fileprivate static func rateEstimate(
    _ flags: UInt16, _ mode: UInt16, _ rate: UInt32
  ) -> [UInt8] {
    let names = padded(Array("n1".utf8), 16) + padded(Array("n2".utf8), 16)
    let numbers: [UInt8] = .number(flags) + .number(mode)
    return padded(padded(names + numbers, 44) + .number(rate), 72)
  }

  fileprivate static func estimator(_ interval: Int8, _ intervals: UInt8) -> [UInt8] {
    padded(padded(Array("nm".utf8), 16) + [UInt8(bitPattern: interval), intervals], 32)
  }

  fileprivate static func chunks(
    _ map: [UInt8], mode: UInt8 = 1, flags: [UInt8] = [], flagCount: UInt8 = 0
  ) -> [UInt8] {
    let modeAndFlags = padded([mode], 4) + padded(flags, 12) + padded([flagCount], 4)
    return padded(padded(padded([], 8) + map, 264) + modeAndFlags + [4], 296)
  }
}

extension [UInt8] {
  /// A number in the machine's order.
  static func number<Integer: FixedWidthInteger>(_ number: Integer) -> [UInt8] {
    (0..<Integer.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Integer(8 * $0)) }
  }
}
