internal import Glibc
internal import Harness
internal import RulesetGenerator

/// The kernel's connection table of this program's network namespace.
enum ConnectionTable {
  /// Fills it with connections to a cluster's service ports, of which each hundredth goes to an endpoint that
  /// is gone.
  static func fill(_ cluster: Cluster, entries: Int) throws {
    var text = ""
    text.reserveCapacity(entries * 180)
    for number in 0..<entries {
      let service = cluster.services[number % cluster.services.count]
      let endpoint =
        number % 100 == 0
        ? "10.255.255.1:8080" : service.endpoints[number % service.endpoints.count].description
      let client = "10.\(200 + number / 12_500_000).\(number / 50_000 % 250).9"
      let isTCP = service.networkProtocol == .tcp
      text += "-I -p \(service.networkProtocol.rawValue) -s \(client) -d \(service.clusterAddress) "
      text += "--sport \(1024 + number % 50_000) --dport \(service.port) --dst-nat \(endpoint) "
      text += "--status SEEN_REPLY,ASSURED -t 3600\(isTCP ? " --state ESTABLISHED" : "")\n"
    }
    try ChildProcess(
      "conntrack", "--load-file", "/dev/stdin", input: MemoryFile(text), output: .discarded
    ).waitForSuccess()
  }

  /// Dumps the entries of IPv4 whose destination was translated, as the exporter asks for them, and only counts
  /// them: the least that a dump can cost.
  static func dump() throws -> Int {
    let netfilter: Int32 = 12
    let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), netfilter)
    guard descriptor >= 0 else { throw HarnessError("a netlink socket: \(systemError())") }
    defer { close(descriptor) }
    // IPCTNL_MSG_CT_GET with NLM_F_REQUEST and NLM_F_DUMP, of AF_INET; CTA_STATUS and its mask, IPS_DST_NAT.
    let request: [UInt8] =
      [36, 0, 0, 0, 1, 1, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]
      + [8, 0, 3, 0, 0, 0, 0, 0x20] + [8, 0, 26, 0, 0, 0, 0, 0x20]
    guard unsafe send(descriptor, request, request.count, 0) == request.count else {
      throw HarnessError("a netlink request: \(systemError())")
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    defer { unsafe buffer.deallocate() }
    var entries = 0
    while true {
      let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
      guard count > 0 else { throw HarnessError("a netlink answer: \(systemError())") }
      var offset = 0
      while offset < count {
        let length = unsafe Int(buffer.load(fromByteOffset: offset, as: UInt32.self))
        switch unsafe buffer.load(fromByteOffset: offset + 4, as: UInt16.self) {
        case 2: throw HarnessError("the kernel refuses to dump its connection table")
        case 3: return entries
        default: entries += 1
        }
        offset += (length + 3) & ~3
      }
    }
  }
}
