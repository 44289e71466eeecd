import Netfilter
import TestSupport
import Testing

@testable import IPTablesSource
@testable import XTables

/// Compares with the text of typed matches and targets, and goes with them.
@Suite("An extension is written as it was when matches and targets were typed")
struct FormerTextTests {
  @Test("Of what a kernel held", arguments: KernelSeed.all("extensions"))
  func seeds(_ seed: KernelSeed) {
    let kernels = seed.kernelStruct
    expectSame(kernels)
    for index in kernels.bytes.indices {
      for value in [0, 0xff, kernels.bytes[index] ^ 1, kernels.bytes[index] &+ 4] as [UInt8] {
        var bytes = kernels.bytes
        bytes[index] = value
        expectSame(kernels.with(bytes))
      }
    }
  }

  @Test("Of random bytes, many of them zero", arguments: KernelStruct.sizes)
  func random(_ kernels: KernelStruct) {
    var generator = SplitMix64(seed: UInt64(kernels.bytes.count))
    for round in 0..<400 {
      let zeros = UInt8(round % 8)
      let bytes = kernels.bytes.map { _ in
        UInt8.random(in: 0...7, using: &generator) < zeros
          ? 0 : UInt8.random(in: 0...255, using: &generator)
      }
      expectSame(kernels.with(bytes))
    }
  }

  private func expectSame(_ kernels: KernelStruct) {
    let (text, former) = (kernels.text(of: kernels.bytes, sets: Self.sets), kernels.formerText)
    if text != former, !kernels.mayDiffer(former) {
      Issue.record("\(kernels.bytes): \(text), formerly \(former)")
    }
  }

  fileprivate static let sets: [UInt16: String] = [
    0: "zero", 1: "one", 2: "two", 3: "three", 4: "four", 5: "five",
  ]
}

extension KernelSeed {
  fileprivate var kernelStruct: KernelStruct {
    let name = bytes[2...].prefix { $0 != 0 }
    return KernelStruct(
      bytes[0] & 2 == 0 ? .match : .target, String(decoding: name, as: UTF8.self), bytes[1],
      Array(bytes.dropFirst(3 + name.count)), "", bytes[0] & 1 == 0 ? .ipv4 : .ipv6)
  }
}

extension KernelStruct {
  fileprivate func with(_ bytes: [UInt8]) -> KernelStruct {
    KernelStruct(role, name, revision, bytes, "", family)
  }

  /// Whether it was read wrongly, or less of it was known.
  fileprivate func mayDiffer(_ former: String) -> Bool {
    switch (name, revision) {
    // Ports were read in the wrong order, or not at all; behind `--state` stood less.
    case ("conntrack", 1), ("conntrack", 2): true
    case ("conntrack", _): bytes[147] & 0x20 != 0
    // What isn't written was compared too.
    case ("osf", _), ("srh", _), ("u32", _), ("rateest", _): former.contains("unrecognised")
    case ("sctp", _): former == " -m sctp"
    // This revision has the struct of IPv6 in either family.
    case ("DNAT", 1), ("SNAT", 1): family == .ipv4
    // The size of a struct that is counted had the sets' names in it.
    case ("set", _): former.contains("unrecognised")
    // A prefix without an end was read beyond the struct's.
    case ("NFLOG", 0): !bytes[12..<76].contains(0)
    default: false
    }
  }

  fileprivate var formerText: String {
    unsafe bytes.withUnsafeBytes { bytes in
      let payload = unsafe KernelBytes(bytes)
      let names = SetReferences(name: name, revision: revision).flatMap {
        $0.payload(self.bytes) { FormerTextTests.sets[$0].map { Array($0.utf8) } ?? [] }
      }
      var rule = DecodedRule(target: .none)
      switch role {
      case .match:
        rule.matches = [
          names.map { .unrecognised(Unrecognised(name: name, revision: revision, payload: $0)) }
            ?? MatchDecoder(family: family).match(name, revision: revision, payload: payload)
        ]
      case .target:
        rule.target =
          names.map { .unrecognised(Unrecognised(name: name, revision: revision, payload: $0)) }
          ?? TargetDecoder(family: family).target(name, revision: revision, payload: payload)
      }
      return " " + String(decoding: rule.line(family), as: UTF8.self)
    }
  }

  /// All extensions, with bytes as many as the kernel has.
  fileprivate static let sizes: [KernelStruct] = Extension.all.flatMap { kernels in
    (kernels.family.map { [$0] } ?? IPFamily.allCases).flatMap { family in
      kernels.revisions.map { revision in
        KernelStruct(
          kernels.role, kernels.name.description, revision,
          [UInt8](repeating: 0, count: (kernels.size + 7) & ~7), "", family)
      }
    }
  }
}
