private import CIPTables
private import Glibc
internal import Netfilter
private import Platform
private import Synchronization

/// The names of ipset's sets by the indices that rules have of them.
///
/// A set that a rule refers to can't be renamed, and a swapped set keeps its index. But the kernel gives an
/// index again when its set is gone, as where a firewall is loaded anew. So call ``renew()`` before each
/// reading, in the rules' network namespace; threads of any namespace may ask afterwards.
///
/// Needs CAP_NET_ADMIN. Asking doesn't make the kernel load ipset.
final class SetNames: Sendable {
  private let state = Mutex(State())

  private struct State: ~Copyable {
    var socket: SetSocket?
    /// By index; empty where the kernel told none.
    var names: [UInt16: [UInt8]] = [:]

    mutating func name(of index: UInt16) -> [UInt8] {
      if let known = names[index] { return known }
      let name = socket?.name(of: index) ?? []
      names[index] = name
      return name
    }
  }

  /// Asks in this thread's network namespace from here on, and asks again for the names known so far.
  ///
  /// - Returns: Whether an index is another set's now. Rules rendered before may have wrong names then.
  func renew() -> Bool {
    state.withLock { state in
      // Without a socket nothing is learnt, and what was stays.
      guard let socket = SetSocket() else { return false }
      var isSame = true
      for (index, former) in state.names {
        // No rule refers to a set that is gone. Its name matters when another set has the index.
        guard let name = socket.name(of: index), name != former else { continue }
        state.names[index] = name
        isSame = false
      }
      state.socket = consume socket
      return !isSame
    }
  }

  /// The name of the set that has the index; empty where the kernel tells none.
  func name(of index: UInt16) -> [UInt8] { state.withLock { $0.name(of: index) } }
}

/// A socket that asks ipset for its sets, in the network namespace of the thread that made it.
private struct SetSocket: ~Copyable {
  private let descriptor: Int32

  /// Nil where there are no more sockets. One of UDP will do: the kernel loads nothing for it.
  init?() {
    let kind = SocketFlag.datagram | SocketFlag.closeOnExec
    descriptor = socket(AF_INET, kind, 0)
    if descriptor < 0 { return nil }
  }

  deinit { _ = close(descriptor) }

  /// The name of the set that has the index; nil where there is none, or no ipset.
  ///
  /// C counterpart: `getsockopt` with `IP_SET_OP_GET_BYINDEX`.
  func name(of index: UInt16) -> [UInt8]? {
    var request = ip_set_req_get_set()
    request.op = UInt32(IP_SET_OP_GET_BYINDEX)
    request.version = UInt32(IPSET_PROTOCOL)
    unsafe request.set.index = index
    var length = socklen_t(MemoryLayout<ip_set_req_get_set>.size)
    let result = unsafe getsockopt(
      descriptor, Int32(IPPROTO_IP), SO_IP_SET, &request, &length)
    guard result == 0 else { return nil }
    let field = unsafe withUnsafeBytes(of: request.set.name) { unsafe Array($0) }
    let name = Array(field.prefix { $0 != 0 })
    return name.isEmpty ? nil : name
  }
}
