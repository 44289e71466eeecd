import Netfilter
import Testing

@testable import KubeProxy

@Suite("What a comment claims")
struct ServicePortCommentTests {
  struct Claim: CustomTestStringConvertible {
    let comment: String
    /// The name as it stands.
    let literal: String
    let purpose: ServicePortComment.Purpose
    /// Namespace, name and port.
    let parts: [String]

    var testDescription: String { comment }

    init(
      _ comment: String, _ literal: String, _ purpose: ServicePortComment.Purpose,
      _ parts: [String]
    ) {
      self.comment = comment
      self.literal = literal
      self.purpose = purpose
      self.parts = parts
    }
  }

  private static let web = ["shop", "web", "http"]

  static let claims = [
    Claim("shop/web:http", "shop/web:http", .dispatch, web),
    Claim("shop/web:http cluster IP", "shop/web:http", .dispatch, web),
    Claim("shop/web:http external IP", "shop/web:http", .dispatch, web),
    Claim("shop/web:http loadbalancer IP", "shop/web:http", .dispatch, web),
    Claim("shop/web:http -> 10.0.0.1:80", "shop/web:http", .dispatch, web),
    Claim("shop/web:http -> [fd00::1]:80", "shop/web:http", .dispatch, web),
    Claim("shop/web:http has no endpoints", "shop/web:http", .noEndpoints, web),
    Claim("shop/web:http has no local endpoints", "shop/web:http", .noLocalEndpoints, web),
    Claim("shop/web:http health check node port", "shop/web:http", .healthCheck, web),
    Claim(
      "shop/web:http traffic not accepted by KUBE-FW-67NZLRHBNDSAWJRO", "shop/web:http",
      .notAccepted(by: "KUBE-FW-67NZLRHBNDSAWJRO"), web),
    Claim("shop/web cluster IP", "shop/web", .dispatch, ["shop", "web", ""]),
    Claim("shop/web: cluster IP", "shop/web:", .dispatch, ["shop", "web", ""]),
    Claim(
      "kube-system/v1.2-x:9 x", "kube-system/v1.2-x:9", .other, ["kube-system", "v1.2-x", "9"]),
    Claim("shop/web has endpoints", "shop/web", .other, ["shop", "web", ""]),
    Claim("shop/web has no endpoints at all", "shop/web", .other, ["shop", "web", ""]),
    Claim(
      "shop/web traffic not accepted by a chain whose name is too long for one", "shop/web", .other,
      ["shop", "web", ""]),
  ]

  @Test("kube-proxy's comments name a service port and a purpose", arguments: claims)
  func claim(_ claim: Claim) throws {
    let comment = try #require(ServicePortComment(ByteString(claim.comment)))
    #expect(String(decoding: comment.literal, as: UTF8.self) == claim.literal)
    #expect(comment.purpose == claim.purpose)
    let port = try #require(comment.servicePort(.udp))
    #expect([port.namespace, port.name, port.port] == claim.parts)
    #expect(port.transport == .udp)
  }

  static let others = [
    "", " ", "/", "a/", "/a", "kubernetes service portals", "a//b", "a/b/c", "shop /web",
    "kubernetes service nodeports; NOTE: this must be the last rule in this chain",
    "masquerade traffic for shop/web external destinations", "Balancing rule 0 for shop/web",
    "Shop/web cluster IP", "shop/web\"} 1 cluster IP", "shop/web\\ cluster IP",
    "shop/web\ncluster IP", "shop/wéb cluster IP", "shop/web\u{0} cluster IP", "shop_a/web",
  ]

  @Test("Everything else names none", arguments: others)
  func other(_ text: String) {
    #expect(ServicePortComment(ByteString(text)) == nil)
  }

  @Test("Bytes that are no text name none")
  func invalidText() {
    let name = Array("shop/web".utf8)
    #expect(ServicePortComment(ByteString(bytes: name + [0xff])) == nil)
    #expect(ServicePortComment(ByteString(bytes: [0xc3] + name)) == nil)
    #expect(ServicePortComment(ByteString(bytes: Array(repeating: 0xff, count: 255))) == nil)
  }

  @Test("Invalid text in the purpose leaves the name")
  func invalidPurpose() throws {
    let bytes = Array("shop/web ".utf8) + [0xff, 0xfe]
    let comment = try #require(ServicePortComment(ByteString(bytes: bytes)))
    #expect(comment.purpose == .other)
  }

  @Test("A name without a service's has a port's only: it names no service port")
  func onlyPort() throws {
    let comment = try #require(ServicePortComment(ByteString("shop/:http cluster IP")))
    #expect(comment.servicePort(.tcp) == nil)
  }
}

extension ServicePortComment {
  fileprivate init?(_ comment: ByteString) { self.init(comment.bytes.span) }
}
