import Testing

@testable import HTTPEndpoint

@Suite struct AcceptEncodingTests {
  @Test(arguments: [
    "gzip", "GZIP", "x-gzip", "deflate, gzip;q=1.0, *;q=0.5", "*", "br, *;q=0.1", "gzip ; q=0.001",
    "identity;q=0.5, gzip", "*;q=0, gzip", "gzip;q=1;level=9", " gzip\t,br",
  ])
  func `gzip is taken`(field: String) {
    #expect(AcceptEncoding(field).allowsGzip)
  }

  @Test(arguments: [
    nil, "", "identity", "br", "gzip;q=0", "gzip;q=0.000", "gzip;q=0, *", "*;q=0", "gzipped",
    "gzip;q=high", "gzip;q=-1", "gzip;q=0.5, identity", "gzip;q=nan", ",;,",
  ])
  func `gzip is not taken`(field: String?) {
    #expect(!AcceptEncoding(field).allowsGzip)
  }
}
