private import CNFTables

/// The numbers of nf_tables' protocol that the reader uses, as Swift's integers.
///
/// C counterpart: `linux/netfilter/nf_tables.h`, `linux/netfilter/nfnetlink.h`.
enum NFTNumbers {
  /// `NFNLGRP_NFTABLES`, the group to which transactions are announced.
  static let eventGroup = UInt32(NFNLGRP_NFTABLES.rawValue)

  /// `NFT_MSG_…`.
  enum Message {
    static let newTable = Int(NFT_MSG_NEWTABLE.rawValue)
    static let getTable = Int(NFT_MSG_GETTABLE.rawValue)
    static let deleteTable = Int(NFT_MSG_DELTABLE.rawValue)
    static let newChain = Int(NFT_MSG_NEWCHAIN.rawValue)
    static let getChain = Int(NFT_MSG_GETCHAIN.rawValue)
    static let deleteChain = Int(NFT_MSG_DELCHAIN.rawValue)
    static let newRule = Int(NFT_MSG_NEWRULE.rawValue)
    static let getRule = Int(NFT_MSG_GETRULE.rawValue)
    static let deleteRule = Int(NFT_MSG_DELRULE.rawValue)
    static let newGeneration = Int(NFT_MSG_NEWGEN.rawValue)
    static let getGeneration = Int(NFT_MSG_GETGEN.rawValue)
  }

  /// `NFTA_TABLE_…`.
  enum Table {
    static let name = Int(NFTA_TABLE_NAME.rawValue)
    static let handle = Int(NFTA_TABLE_HANDLE.rawValue)
  }

  /// `NFTA_CHAIN_…`.
  enum Chain {
    static let table = Int(NFTA_CHAIN_TABLE.rawValue)
    static let handle = Int(NFTA_CHAIN_HANDLE.rawValue)
    static let name = Int(NFTA_CHAIN_NAME.rawValue)
    static let hook = Int(NFTA_CHAIN_HOOK.rawValue)
    static let policy = Int(NFTA_CHAIN_POLICY.rawValue)
    static let counters = Int(NFTA_CHAIN_COUNTERS.rawValue)
    /// Within ``hook``.
    static let hookNumber = Int(NFTA_HOOK_HOOKNUM.rawValue)
  }

  /// `NFTA_RULE_…`.
  enum Rule {
    static let table = Int(NFTA_RULE_TABLE.rawValue)
    static let chain = Int(NFTA_RULE_CHAIN.rawValue)
    static let handle = Int(NFTA_RULE_HANDLE.rawValue)
    static let expressions = Int(NFTA_RULE_EXPRESSIONS.rawValue)
    static let userData = Int(NFTA_RULE_USERDATA.rawValue)
  }

  /// `NFTA_GEN_…`.
  enum Generation {
    static let number = Int(NFTA_GEN_ID.rawValue)
    static let processName = Int(NFTA_GEN_PROC_NAME.rawValue)
  }

  /// `NFTA_COUNTER_…`.
  enum Counter {
    static let bytes = Int(NFTA_COUNTER_BYTES.rawValue)
    static let packets = Int(NFTA_COUNTER_PACKETS.rawValue)
  }

  /// `NF_DROP`, the policy.
  static let drop: UInt32 = 0
}
