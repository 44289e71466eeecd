import Netfilter
import TestSupport
import Testing

@Suite struct TableContentTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func `a name finds the first chain that has it, whatever the order`(_ seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let names = (0..<12).map { ChainName(stringLiteral: String(UnicodeScalar(UInt8(65 + $0)))) }
    var chains = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
      Chain(
        name: names.randomElement(using: &generator) ?? "A",
        policy: Int.random(in: 0..<4, using: &generator) == 0 ? .accept : nil)
    }
    // As the kernel's readers have them, as files may have them, and with names that are there twice.
    if seed % 4 != 0 {
      chains =
        chains.filter(\.isBuiltIn)
        + chains.filter { !$0.isBuiltIn }.sorted { $0.name < $1.name }
    }
    let content = TableContent(family: .ipv4, name: .nat, chains: chains)
    for name in names {
      #expect(content.chainIndex(of: name) == chains.firstIndex { $0.name == name })
    }
  }
}
