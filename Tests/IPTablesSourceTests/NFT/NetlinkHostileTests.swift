import Netfilter
import TestSupport
import Testing
import XTables

@testable import IPTablesSource

@Suite("Bytes that are no message of netlink")
struct NetlinkHostileTests {
  @Test("There are messages to begin with")
  func seeds() {
    #expect(KernelSeed.all("netlink").count > 5)
    let chains = KernelSeed.all("netlink").filter { $0.name.hasSuffix("chains") }
    for seed in chains { #expect(read(seed.bytes).chains > 1, "\(seed)") }
  }

  @Test("A message may end anywhere", arguments: KernelSeed.all("netlink"))
  func truncated(_ seed: KernelSeed) {
    let whole = read(seed.bytes)
    for count in seed.bytes.indices {
      let part = read(Array(seed.bytes[..<count]))
      #expect(part.messages <= whole.messages && part.chains <= whole.chains, "\(count) bytes")
    }
  }

  @Test("Each byte of a message may be another", arguments: KernelSeed.all("netlink"))
  func changed(_ seed: KernelSeed) {
    for index in seed.bytes.indices {
      for value in [0, 0xff, seed.bytes[index] &+ 1, seed.bytes[index] &- 4] as [UInt8] {
        var changed = seed.bytes
        changed[index] = value
        _ = read(changed)
      }
    }
  }

  @Test(
    "Any number may be a refusal's",
    arguments: [(0, 0), (-1, 1), (1, -1), (.max, -.max), (.min, .min)] as [(Int32, Int32)])
  func refusal(number: Int32, code: Int32) throws {
    let bytes = Self.words([20, 2, 1, 0, UInt32(bitPattern: number)])
    unsafe bytes.withUnsafeBytes { bytes in
      let messages = unsafe Array(NetlinkMessages(KernelBytes(bytes)))
      guard case .error(code)? = messages.first?.kind, messages.count == 1 else {
        Issue.record("\(messages)")
        return
      }
    }
  }

  @Test(
    "A message that says it is shorter than its header, or longer than all, is the end",
    arguments: [0, 1, 15, 21, .max] as [UInt32])
  func length(_ length: UInt32) {
    let message = Self.words([20, 0x0a03, 1, 0, 2])
    #expect(read(message).messages == 1)
    #expect(read(message + Self.words([length, 0x0a03, 1, 0, 2])).messages == 1)
  }

  /// What all of the decoders make of the bytes.
  private func read(_ bytes: [UInt8]) -> (messages: Int, chains: Int) {
    unsafe bytes.withUnsafeBytes { bytes in
      var changes = NFTChanges.none
      var (messages, chains): (Int, [NFTChain]) = (0, [])
      for message in unsafe NetlinkMessages(KernelBytes(bytes)) {
        messages += 1
        changes.note(message)
        _ = NFTGeneration(message)
        _ = PacketAccount(message)
        if let chain = NFTChain(message) { chains.append(chain) }
        let rule = NFTRule(message.attributes)
        for family in IPFamily.allCases {
          var writer = ExpressionWriter(family, .shared)
          _ = writer.line(of: rule.expressions, userData: rule.userData)
        }
      }
      let list = NFTChainList(chains)
      for chain in chains { #expect(list.position(of: chain.name) != nil) }
      return (messages, chains.count)
    }
  }

  private static func words(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }
}
