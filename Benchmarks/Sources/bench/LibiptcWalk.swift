internal import CLibiptc
internal import Glibc
internal import Harness

/// The nat table of IPv4, read through libiptc and walked once from end to end.
struct LibiptcWalk {
  private(set) var chains = 0
  private(set) var rules = 0
  /// The sum of all packet counters: a reason to look at each rule.
  private(set) var packets: UInt64 = 0

  init() throws {
    guard let handle = unsafe iptc_init("nat") else {
      throw HarnessError("iptc_init: \(unsafe String(cString: iptc_strerror(errno)))")
    }
    defer { unsafe iptc_free(handle) }
    var chain = unsafe iptc_first_chain(handle)
    while let name = unsafe chain {
      chains += 1
      var rule = unsafe iptc_first_rule(name, handle)
      while let entry = unsafe rule {
        rules += 1
        packets &+= unsafe entry.pointee.counters.pcnt
        unsafe rule = iptc_next_rule(entry, handle)
      }
      unsafe chain = iptc_next_chain(handle)
    }
  }
}
