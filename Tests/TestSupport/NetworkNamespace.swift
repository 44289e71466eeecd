import Glibc

/// Linux refused to make or to enter a network namespace.
public struct NetworkNamespaceFailure: Error {
  public let call: String
  public let code: Int32
}

/// Runs `body` in a new network namespace, which programs that it starts are in too.
///
/// It runs on this thread, which is back in its own namespace afterwards: expectations in `body` know
/// their test. Needs CAP_SYS_ADMIN.
///
/// C counterparts: `unshare(2)`, `setns(2)` with `CLONE_NEWNET`.
public func withNetworkNamespace<Value>(_ body: () throws -> Value) throws -> Value {
  let own = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
  guard own >= 0 else { throw NetworkNamespaceFailure(call: "open", code: errno) }
  defer { close(own) }
  guard LinuxCall.unshare?(LinuxCall.newNetwork) == 0 else {
    throw NetworkNamespaceFailure(call: "unshare", code: errno)
  }
  defer {
    // Other tests would run on a thread that is somewhere else.
    precondition(LinuxCall.setns?(own, LinuxCall.newNetwork) == 0, "cannot go back")
  }
  return try body()
}

/// Runs `body` on this thread without capabilities; those that it is permitted come back afterwards.
///
/// C counterpart: `capset(2)`, version 3.
public func withoutCapabilities<Value>(_ body: () throws -> Value) throws -> Value {
  // A header of version and thread, and two sets of effective, permitted and inheritable.
  var header: [UInt32] = [0x2008_0522, 0]
  var own = [UInt32](repeating: 0, count: 6)
  guard unsafe LinuxCall.capget?(&header, &own) == 0 else {
    throw NetworkNamespaceFailure(call: "capget", code: errno)
  }
  var none = own
  none[0] = 0
  none[3] = 0
  guard unsafe LinuxCall.capset?(&header, &none) == 0 else {
    throw NetworkNamespaceFailure(call: "capset", code: errno)
  }
  defer {
    precondition(unsafe LinuxCall.capset?(&header, &own) == 0, "cannot have capabilities back")
  }
  return try body()
}

/// What Glibc's module leaves out, as it stands in `sched.h` for GNU programs only, and in `sys/capability.h`.
private enum LinuxCall {
  /// `CLONE_NEWNET`.
  static let newNetwork: Int32 = 0x4000_0000

  typealias Unshare = @convention(c) (Int32) -> Int32
  typealias SetNamespace = @convention(c) (Int32, Int32) -> Int32

  typealias CapabilityCall =
    @convention(c) (UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>) -> Int32

  static let capget = unsafe symbol("capget", CapabilityCall.self)
  static let capset = unsafe symbol("capset", CapabilityCall.self)
  static let unshare = symbol("unshare", Unshare.self)
  static let setns = symbol("setns", SetNamespace.self)

  private static func symbol<Function>(_ name: String, _: Function.Type) -> Function? {
    unsafe dlsym(nil, name).map { unsafe unsafeBitCast($0, to: Function.self) }
  }
}
