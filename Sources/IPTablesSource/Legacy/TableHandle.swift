private import CIPTables
private import Glibc
internal import Netfilter

/// A table as libiptc took it from the kernel: one consistent copy, freed exactly once.
///
/// The handle owns a cursor, and its error text a global of the process: open, walk and drop it on
/// one thread, before anything else is computed. Opening takes no lock, but the kernel loads the
/// module of a table that doesn't exist yet; ask ``LegacyState`` first.
/// C counterpart: `struct xtc_handle`.
@safe struct TableHandle: ~Copyable {
  private let handle: OpaquePointer
  private let family: IPFamily

  /// Takes the table's rules from the kernel.
  ///
  /// - Throws: `ReadingError` with libiptc's own words.
  /// C counterpart: `iptc_init`, `ip6tc_init`.
  init(family: IPFamily, table: TableName) throws(ReadingError) {
    let handle =
      switch family {
      case .ipv4: unsafe iptc_init(table.rawValue)
      case .ipv6: unsafe ip6tc_init(table.rawValue)
      }
    guard let handle = unsafe handle else {
      let code = errno
      let words = family == .ipv4 ? unsafe iptc_strerror(code) : unsafe ip6tc_strerror(code)
      let cause = unsafe words.map { unsafe String(cString: $0) } ?? "error \(code)"
      let advice = code == EPERM ? "; it takes CAP_NET_RAW and CAP_NET_ADMIN" : ""
      throw ReadingError(
        operation: .readTable(family, table), code: code, cause: cause + advice)
    }
    unsafe self.handle = handle
    self.family = family
  }

  deinit {
    switch family {
    case .ipv4: unsafe iptc_free(handle)
    case .ipv6: unsafe ip6tc_free(handle)
    }
  }

  /// Calls `body` for each chain with its name, as it stands in libiptc's memory.
  ///
  /// C counterpart: `iptc_first_chain`, `iptc_next_chain`.
  func forEachChain(_ body: (UnsafePointer<CChar>) -> Void) {
    let isIPv4 = family == .ipv4
    var chain = unsafe isIPv4 ? iptc_first_chain(handle) : ip6tc_first_chain(handle)
    while let name = unsafe chain {
      unsafe body(name)
      unsafe chain = isIPv4 ? iptc_next_chain(handle) : ip6tc_next_chain(handle)
    }
  }

  /// Calls `body` for each rule of the chain, with its entry and its target's name.
  ///
  /// C counterpart: `iptc_first_rule`, `iptc_next_rule`, `iptc_get_target`.
  func forEachRule(
    in chain: UnsafePointer<CChar>,
    _ body: (UnsafeRawPointer, UnsafePointer<CChar>) -> Void
  ) {
    switch family {
    case .ipv4:
      var rule = unsafe iptc_first_rule(chain, handle)
      while let entry = unsafe rule {
        if let target = unsafe iptc_get_target(entry, handle) {
          unsafe body(UnsafeRawPointer(entry), target)
        }
        unsafe rule = iptc_next_rule(entry, handle)
      }
    case .ipv6:
      var rule = unsafe ip6tc_first_rule(chain, handle)
      while let entry = unsafe rule {
        if let target = unsafe ip6tc_get_target(entry, handle) {
          unsafe body(UnsafeRawPointer(entry), target)
        }
        unsafe rule = ip6tc_next_rule(entry, handle)
      }
    }
  }

  /// The policy and its counter of a built-in chain; nil for a user's.
  ///
  /// C counterpart: `iptc_get_policy`.
  func policy(of chain: UnsafePointer<CChar>) -> (verdict: Verdict, counter: Counter)? {
    var counters = xt_counters()
    let name =
      switch family {
      case .ipv4: unsafe iptc_get_policy(chain, &counters, handle)
      case .ipv6: unsafe ip6tc_get_policy(chain, &counters, handle)
      }
    guard let name = unsafe name, let verdict = Verdict(name: unsafe String(cString: name)) else {
      return nil
    }
    return (verdict, Counter(packets: counters.pcnt, bytes: counters.bcnt))
  }
}
