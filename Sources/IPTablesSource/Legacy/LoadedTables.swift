private import CIPTables
private import Glibc
internal import Netfilter
private import Platform

/// The legacy tables that exist in this thread's network namespace.
///
/// Asking for a table that doesn't exist would make the kernel load its module and create it, so the
/// list under /proc is read first. Source: `net/netfilter/x_tables.c`, `xt_table_seq_ops`.
enum LoadedTables {
  /// The names in `/proc/thread-self/net/ip_tables_names` or `ip6_tables_names`; none where x_tables
  /// itself is not loaded.
  ///
  /// - Throws: `ReadingError` where the file exists and can't be read: it is root's.
  static func names(_ family: IPFamily) throws(ReadingError) -> Set<TableName> {
    let path = "/proc/thread-self/net/\(family == .ipv4 ? "ip" : "ip6")_tables_names"
    do {
      let text = String(decoding: try FileBytes.read(path), as: UTF8.self)
      return Set(text.split(separator: "\n").compactMap { TableName(rawValue: String($0)) })
    } catch {
      if error == .noSuchFile { return [] }
      throw ReadingError(
        operation: .listTables(family), code: error.code,
        cause: "\(path): \(error); it takes root's user or group, "
          + "with CAP_NET_RAW and CAP_NET_ADMIN")
    }
  }

  /// What the kernel tells of a table without copying a rule.
  struct Information: Hashable {
    /// The number of rules, those of policies and chains' ends included.
    let entries: UInt32
    /// In bytes.
    let size: UInt32
  }

  /// The size of a table; nil where it can't be told.
  ///
  /// C counterpart: `getsockopt` with `IPT_SO_GET_INFO`.
  static func information(of table: TableName, _ family: IPFamily) -> Information? {
    let domain = family == .ipv4 ? AF_INET : AF_INET6
    let descriptor = socket(domain, Int32(SOCK_RAW.rawValue) | SocketFlag.closeOnExec, rawProtocol)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    // `ip6t_getinfo` has the same layout.
    var info = ipt_getinfo()
    var length = socklen_t(MemoryLayout<ipt_getinfo>.size)
    unsafe withUnsafeMutableBytes(of: &info.name) { name in
      unsafe name.copyBytes(from: table.rawValue.utf8)
    }
    let level = family == .ipv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6)
    guard unsafe getsockopt(descriptor, level, getInfo, &info, &length) == 0 else { return nil }
    return Information(entries: info.num_entries, size: info.size)
  }

  private static let rawProtocol = Int32(IPPROTO_RAW)
  /// `IPT_SO_GET_INFO` and `IP6T_SO_GET_INFO`: the first of the options of both.
  private static let getInfo = Int32(IPT_BASE_CTL)
}
