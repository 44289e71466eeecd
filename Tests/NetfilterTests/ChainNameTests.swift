import Netfilter
import Testing

@Suite("Names of chains")
struct ChainNameTests {
  @Test(
    "A name comes out as it went in",
    arguments: [
      "", "A", "INPUT", "KUBE-SVC-NPX46M4PTMTKRN6Y", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE", "ü🦊",
    ])
  func roundTrip(text: String) throws {
    let name = try #require(ChainName(text))
    #expect(name.description == text)
    #expect(name.bytes == Array(text.utf8))
    #expect(ChainName(name.bytes) == name)
  }

  @Test("Bytes that are no UTF-8 are kept")
  func bytes() throws {
    #expect(try #require(ChainName([0xff, 0x80])).bytes == [0xff, 0x80])
  }

  @Test("Too long a name is refused, and so is one with a zero byte")
  func refused() {
    #expect(ChainName(String(repeating: "A", count: 32)) == nil)
    #expect(ChainName([65, 0, 66]) == nil)
    #expect(ChainName([0]) == nil)
  }

  @Test("Names are ordered by their bytes")
  func order() throws {
    let texts = [
      "", "A", "AA", "AAAAAAAA", "AAAAAAAAA", "AB", "INPUT", "KUBE-A", "KUBE-AB", "a", "ü",
    ]
    let names = try texts.map { try #require(ChainName($0)) }
    #expect(names.reversed().sorted() == names)
    #expect(Set(names).count == names.count)
  }

  @Test(
    "A prefix is told from what is none",
    arguments: [
      ("KUBE-SVC-A", "KUBE-SVC-", true), ("KUBE-SVC-", "KUBE-SVC-", true),
      ("KUBE-SVC", "KUBE-SVC-", false), ("KUBE-SEP-A", "KUBE-SVC-", false), ("A", "", true),
      ("", "A", false), ("KUBE-SER", "KUBE-SER", true), ("KUBE-SERVICES", "KUBE-SER", true),
      ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE", true),
      ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDX", false),
    ])
  func prefix(name: String, prefix: String, expected: Bool) throws {
    let (name, prefix) = try (#require(ChainName(name)), #require(ChainName(prefix)))
    #expect(name.hasPrefix(prefix) == expected)
  }
}
