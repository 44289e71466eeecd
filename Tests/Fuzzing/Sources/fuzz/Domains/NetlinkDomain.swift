@testable import IPTablesSource
import Netfilter

/// What a netlink socket received: messages of nf_tables, taken for answers and for announcements.
enum NetlinkDomain {
  static func check(_ bytes: UnsafeRawBufferPointer) {
    var changes = NFTChanges.none
    var chains: [NFTChain] = []
    for message in unsafe NetlinkMessages(KernelBytes(bytes)) {
      changes.note(message)
      _ = NFTGeneration(message)
      _ = PacketAccount(message)
      if let chain = NFTChain(message) { chains.append(chain) }
      guard let family = IPFamily(netlinkNumber: message.family) else { continue }
      let rule = NFTRule(message.attributes)
      ExpressionsDomain.check(rule.expressions, userData: rule.userData, family)
    }
    check(chains, changes)
  }

  private static func check(_ chains: [NFTChain], _ changes: NFTChanges) {
    let list = NFTChainList(chains)
    require(list.chains.count == chains.count, "a list has all of its chains")
    for chain in chains {
      require(list.position(of: chain.name) != nil, "each chain is found by its name")
      require(chain.kernelName.count <= 0xffff, "a name fits into an attribute")
    }
    for family in IPFamily.allCases {
      for table in TableName.allCases {
        let identity = NFTChanges.Identity(family: family, table: table)
        guard let changed = changes[identity], !changed.isWhole else { continue }
        var updated = list
        updated.update(changed.chains)
        for (name, chain) in changed.chains where chain != nil {
          require(updated.position(of: name) != nil, "an added chain is in the list")
        }
        _ = updated.positions(in: list)
      }
    }
  }
}
