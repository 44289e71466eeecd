import HTTPEndpoint
import Testing

@Suite struct ListenAddressTests {
  @Test(arguments: [
    (":9455", "", 9455), ("127.0.0.1:9455", "127.0.0.1", 9455), ("[::1]:9455", "::1", 9455),
    ("localhost:0", "localhost", 0), ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
    ("[::]:65535", "::", 65535),
  ])
  func `an address is read and written`(text: String, host: String, port: UInt16) throws {
    let address = try ListenAddress(parsing: text)
    #expect(address == ListenAddress(host: host, port: port))
    #expect(address.description == text)
  }

  @Test(arguments: [
    "", "9455", ":", "host", "host:", "host:http", "host:65536", "host:-1", "host:+1", "::1",
    "::1:80",
    "[::1]", "[]:80", "[host]:80", "ho st:80", "http://host:80",
  ])
  func `what is not an address is refused`(text: String) {
    let error = #expect(throws: ListenAddressError.self) { try ListenAddress(parsing: text) }
    #expect(error?.description.hasPrefix("the listen address \"\(text)\" ") == true)
  }
}
