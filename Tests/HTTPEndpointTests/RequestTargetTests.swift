import Testing

@testable import HTTPEndpoint

@Suite struct RequestTargetTests {
  @Test(arguments: [
    ("/metrics", "/metrics", []),
    ("/metrics?", "/metrics", []),
    ("/a%20b%2Fc+d", "/a b/c+d", []),
    ("/?a=1&b=2&a=3", "/", ["a=1", "b=2", "a=3"]),
    ("/?a+b=c+d&e%3Df=g%26h", "/", ["a b=c d", "e=f=g&h"]),
    ("/?a=b=c&&d&=e", "/", ["a=b=c", "d=", "=e"]),
    ("/?a=%&b=%4&c=%zz&d=%C3%A9", "/", ["a=%", "b=%4", "c=%zz", "d=é"]),
    ("/?a=?", "/", ["a=?"]),
    ("http://host:80/metrics?x=y", "/metrics", ["x=y"]),
    ("HTTP://host?x=y", "/", ["x=y"]),
    ("*", "*", []), ("", "", []),
  ])
  func `a target is divided and decoded`(text: String, path: String, query: [String]) {
    let target = RequestTarget(text)
    #expect(target.path == path)
    #expect(target.query.map { "\($0.name)=\($0.value)" } == query)
  }
}
