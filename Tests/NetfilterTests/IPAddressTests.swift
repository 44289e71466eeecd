import Netfilter
import Testing

@Suite("Addresses")
struct IPAddressTests {
  @Test(
    "An address's text is the canonical one, and is parsed to the same address",
    arguments: [
      "0.0.0.0", "127.0.0.1", "255.255.255.255", "10.96.0.1", "::", "::1", "1::",
      "fd00:10:96::c2cf",
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "1:0:0:2::3", "1::2:0:0:3:4", "2001:db8::1:0:0:1",
      "1:2:3:4:5:6:7:0", "0:1:2:3:4:5:6:7", "::ffff:10.0.0.1", "64:ff9b::a00:1",
    ])
  func canonical(text: String) throws {
    #expect(try #require(IPAddress(text)).description == text)
  }

  @Test(
    "Other spellings are understood",
    arguments: [
      ("FD00::1", "fd00::1"), ("0:0:0:0:0:0:0:0", "::"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
      ("0001::0001", "1::1"), ("::1.2.3.4", "::102:304"), ("::FFFF:1.2.3.4", "::ffff:1.2.3.4"),
      ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
    ])
  func spelling(text: String, canonical: String) {
    #expect(IPAddress(text)?.description == canonical)
  }

  @Test(
    "What is no address is refused",
    arguments: [
      "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.+4", " 1.2.3.4", "1..2.3",
      ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8", "12345::",
      "g::", "+1::", "-1::", "::1%eth0", "::1/128", "::1.2.3", "1.2.3.4::", ":1", "1:", "localhost",
    ])
  func refused(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test("A mask's prefix length is found again", arguments: 0...128)
  func prefixLength(length: Int) throws {
    #expect(try #require(IPAddress(family: .ipv6, prefixLength: length)).prefixLength == length)
    #expect(
      IPAddress(family: .ipv4, prefixLength: length)?.prefixLength == (length > 32 ? nil : length))
  }

  @Test("A mask with holes has no prefix length", arguments: ["255.0.255.0", "0.0.0.1", "ffff::1"])
  func holes(text: String) throws {
    #expect(try #require(IPAddress(text)).prefixLength == nil)
  }

  @Test("Lengths beyond the family's are refused")
  func tooLong() {
    #expect(IPAddress(family: .ipv4, prefixLength: 33) == nil)
    #expect(IPAddress(family: .ipv6, prefixLength: 129) == nil)
    #expect(IPAddress(family: .ipv4, prefixLength: -1) == nil)
  }
}
