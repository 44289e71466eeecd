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
    var table: TableName?
    var nameBytes: KernelBytes?
    var handle: UInt64 = 0
    var hook: UInt32?
    var policy = Verdict.accept
    var counter = Counter()
    for attribute in message.attributes {
      switch nft_chain_attributes(UInt32(attribute.type)) {
      case NFTA_CHAIN_TABLE: table = TableName(netlinkText: attribute.payload)
      case NFTA_CHAIN_NAME: nameBytes = attribute.payload
      case NFTA_CHAIN_HANDLE: handle = attribute.payload.loadBigEndian(UInt64.self, at: 0) ?? 0
      case NFTA_CHAIN_HOOK: hook = Self.hookNumber(attribute.payload)
      case NFTA_CHAIN_POLICY:
        // `NF_DROP` is 0.
        policy = attribute.payload.loadBigEndian(UInt32.self, at: 0) == 0 ? .drop : .accept
      case NFTA_CHAIN_COUNTERS: counter = Counter(netlink: attribute.payload)
      default: break
      }
    }
    guard let table, let nameBytes else { return nil }
    self.table = table
    if let name = nameBytes.chainName {
      self.name = name
      longName = nil
    } else {
      let bytes = nameBytes.text.array
      longName = bytes
      name = Self.shortened(bytes, handle)
    }
    self.handle = handle
    self.hook = hook
    self.policy = hook == nil ? nil : policy
    self.counter = counter
  }

  /// The name to ask the kernel with.
  var kernelName: [UInt8] { longName ?? name.bytes }

  /// The beginning of a long name, and the chain's handle, so that it stays one of its kind.
  private static func shortened(_ name: [UInt8], _ handle: UInt64) -> ChainName {
    let end = Array("~\(String(handle, radix: 36))".utf8)
    let beginning = name.prefix(max(0, ChainName.maximumLength - end.count))
    return ChainName(beginning + end) ?? ""
  }

  private static func hookNumber(_ bytes: KernelBytes) -> UInt32? {
    for attribute in NetlinkAttributes(bytes)
    where nft_hook_attributes(UInt32(attribute.type)) == NFTA_HOOK_HOOKNUM {
      return attribute.payload.loadBigEndian(UInt32.self, at: 0)
    }
    return nil
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
    var number: UInt32?
    var process = ""
    for attribute in message.attributes {
      switch nft_gen_attributes(UInt32(attribute.type)) {
      case NFTA_GEN_ID: number = attribute.payload.loadBigEndian(UInt32.self, at: 0)
      case NFTA_GEN_PROC_NAME: process = attribute.payload.string
      default: break
      }
    }
    guard let number else { return nil }
    self.number = number
    self.process = process
  }
}

extension TableName {
  /// The table of that name; nil where iptables has none.
  init?(netlinkText bytes: KernelBytes) {
    guard let name = bytes.chainName,
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
  init(netlink bytes: KernelBytes) {
    self.init()
    for attribute in NetlinkAttributes(bytes) {
      switch nft_counter_attributes(UInt32(attribute.type)) {
      case NFTA_COUNTER_BYTES: self.bytes = attribute.payload.loadBigEndian(at: 0) ?? 0
      case NFTA_COUNTER_PACKETS: packets = attribute.payload.loadBigEndian(at: 0) ?? 0
      default: break
      }
    }
  }
}

/// Numbers of nf_tables' protocol for files that see none of C's.
enum NFTNumbers {
  /// `NFNLGRP_NFTABLES`, the group to which transactions are announced.
  static let eventGroup = UInt32(NFNLGRP_NFTABLES.rawValue)

  enum Message {
    static let newGeneration = Int(NFT_MSG_NEWGEN.rawValue)
  }
}
