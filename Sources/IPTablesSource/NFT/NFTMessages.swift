private import CNFTables
internal import Netfilter

/// What a message says of a chain: all but its rules.
struct NFTChain: Sendable {
  let table: TableName
  /// The name, as it can be shown and compared.
  let name: ChainName
  /// The name where ``name`` can't hold it; iptables makes no such chain.
  let longName: [UInt8]?
  let handle: UInt64
  /// The number of the hook (`NF_INET_…`) that a built-in chain hangs on; nil for a user's.
  let hook: UInt32?
  let policy: Verdict?
  /// The policy's counters, where it counts.
  var counter: Counter

  /// Reads a message of a chain; nil where it is of no table that iptables has.
  init?(_ message: NetlinkMessage) {
    var attributes = message.attributes
    guard let table = TableName(netlinkText: attributes.payload(of: NFTA_CHAIN_TABLE)),
      let nameBytes = attributes.payload(of: NFTA_CHAIN_NAME)
    else { return nil }
    self.table = table
    handle = attributes.number(of: NFTA_CHAIN_HANDLE) ?? 0
    let shortName = nameBytes.chainName
    longName = shortName == nil ? nameBytes.text.array : nil
    name = shortName ?? Self.shortened(longName ?? [], handle)
    var hookAttributes = NetlinkAttributes(attributes.payload(of: NFTA_CHAIN_HOOK))
    hook = hookAttributes.number(of: NFTA_HOOK_HOOKNUM)
    // `NF_DROP` is 0.
    let isDrop = hook != nil && attributes.number(of: NFTA_CHAIN_POLICY) == UInt32(0)
    policy = hook == nil ? nil : isDrop ? .drop : .accept
    counter =
      hook == nil ? Counter() : Counter(netlink: attributes.payload(of: NFTA_CHAIN_COUNTERS))
  }

  /// The name to ask the kernel with.
  var kernelName: [UInt8] { longName ?? name.bytes }

  /// The beginning of a long name, and the chain's handle, so that it stays one of its kind.
  private static func shortened(_ name: [UInt8], _ handle: UInt64) -> ChainName {
    let end = Array("~\(String(handle, radix: 36))".utf8)
    let beginning = name.prefix(max(0, ChainName.maximumLength - end.count))
    return ChainName(beginning + end) ?? ""
  }
}

/// What a message says of a rule; its parts lie where they were received.
struct NFTRule {
  private(set) var handle: UInt64 = 0
  private(set) var expressions = KernelBytes.empty
  private(set) var userData: KernelBytes?

  init(_ attributes: NetlinkAttributes) {
    for attribute in attributes {
      switch nft_rule_attributes(UInt32(attribute.type)) {
      case NFTA_RULE_HANDLE: handle = attribute.payload.loadBigEndian(UInt64.self, at: 0) ?? 0
      case NFTA_RULE_EXPRESSIONS: expressions = attribute.payload
      case NFTA_RULE_USERDATA: userData = attribute.payload
      default: break
      }
    }
  }
}

/// What a message says of a generation of the rule set.
struct NFTGeneration {
  let number: UInt32
  /// The name of the process that made it; empty where the message answers a question.
  let process: String

  init?(_ message: NetlinkMessage) {
    var attributes = message.attributes
    guard let number: UInt32 = attributes.number(of: NFTA_GEN_ID) else { return nil }
    self.number = number
    process = attributes.payload(of: NFTA_GEN_PROC_NAME)?.string ?? ""
  }
}

extension TableName {
  /// The table of that name; nil where iptables has none.
  init?(netlinkText bytes: KernelBytes?) {
    guard let name = bytes?.chainName,
      let table = Self.names.first(where: { $0.name == name })?.table
    else { return nil }
    self = table
  }

  private static let names = allCases.compactMap { table in
    ChainName(table.rawValue).map { (name: $0, table: table) }
  }
}

extension Counter {
  /// Takes nested attributes: those of a counter, or of a policy's counters.
  ///
  /// C counterparts: `enum nft_counter_attributes`, `NFTA_CHAIN_COUNTERS`.
  @inline(__always)
  init(netlink bytes: KernelBytes?) {
    var attributes = NetlinkAttributes(bytes)
    let bytes = attributes.number(of: NFTA_COUNTER_BYTES) ?? UInt64(0)
    self.init(packets: attributes.number(of: NFTA_COUNTER_PACKETS) ?? 0, bytes: bytes)
  }
}
