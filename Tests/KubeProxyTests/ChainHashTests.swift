import Netfilter
import Testing

@testable import KubeProxy

/// Names that kube-proxies wrote, and some more whose hash was worked out elsewhere.
@Suite("The hash in a chain's name")
struct ChainHashTests {
  static let servicePorts: [(literal: String, transport: TransportProtocol, hash: String)] = [
    ("default/kubernetes:https", .tcp, "NPX46M4PTMTKRN6Y"),
    ("kube-system/kube-dns:dns", .udp, "TCOU7JCQXEZGVUNU"),
    ("kube-system/kube-dns:dns-tcp", .tcp, "ERIFXISQEP7F7OF4"),
    ("kube-system/kube-dns:metrics", .tcp, "JD5MR3NA4I4DYORP"),
    ("default/ngnix-service", .tcp, "FOI3G5ZK27IESILB"),
    ("default/ngnix-service:", .tcp, "MDGTCGGVO23PKPMX"),
    ("default/ngnix2-service", .tcp, "JSEMNMAXFXXWPYZQ"),
    ("shop/web:sig", .sctp, "SPL5TETNJ2ZTGT4Z"),
  ]

  @Test("A service port's is of its name and its protocol", arguments: servicePorts)
  func servicePort(_ literal: String, _ transport: TransportProtocol, _ hash: String) throws {
    let expected = try #require(Self.hash(hash))
    #expect(ChainHash(servicePort: Array(literal.utf8), transport) == expected)
    for other in TransportProtocol.allCases where other != transport {
      #expect(ChainHash(servicePort: Array(literal.utf8), other) != expected)
    }
  }

  static let endpoints: [(literal: String, endpoint: String, hash: String)] = [
    ("default/ngnix-service", "10.1.167.92:8000", "KVGH6HHOFLBGG2WW"),
    ("default/ngnix-service", "10.1.167.92:80", "OP54BO3C6MKRBI5R"),
    ("default/ngnix-service:", "10.1.167.92:8000", "U5NMIWLYUS2QKLKZ"),
    ("web/dual:http", "[fd00:10:244:2::2]:8080", "LJJGETP72SETW55D"),
  ]

  @Test("An endpoint's is of the service port and the address", arguments: endpoints)
  func endpoint(_ literal: String, _ endpoint: String, _ hash: String) throws {
    let expected = try #require(Self.hash(hash))
    let text = "\(literal)tcp\(endpoint)"
    #expect(ChainHash(hashing: Array(text.utf8)) == expected)
    #expect(ChainHash(servicePort: Array(literal.utf8), .tcp) != expected)
  }

  @Test("All 80 bits count", arguments: 0..<16)
  func everyCharacterCounts(_ position: Int) throws {
    var characters = Array("ABCDEFGHIJKLMNOP")
    let hash = try #require(Self.hash(String(characters)))
    #expect(hash == Self.hash("ABCDEFGHIJKLMNOP"))
    characters[position] = "7"
    #expect(try #require(Self.hash(String(characters))) != hash)
  }

  static let notHashes = [
    "", "NPX46M4PTMTKRN6", "NPX46M4PTMTKRN6Y2", "npx46m4ptmtkrn6y", "NPX46M4PTMTKRN61",
    "NPX46M4PTMTKRN60", "NPX46M4PTMTKRN6=", "NPX46M4-TMTKRN6Y",
  ]

  @Test("Other text than 16 characters of base 32 is no hash", arguments: notHashes)
  func notHash(_ text: String) {
    #expect(Self.hash(text) == nil)
  }

  private static func hash(_ text: String) -> ChainHash? {
    ChainName("KUBE-SVC-" + text).flatMap { ChainHash($0, after: "KUBE-SVC-") }
  }
}
