private import CNFTables
internal import Netfilter

/// What may have changed, by what nf_tables announced. It must be read again.
struct NFTChanges {
  typealias Identity = TableIdentity

  /// What may have changed in one table.
  struct Table {
    /// All of it, the list of its chains included.
    var isWhole = false
    /// Chains that were added or altered, as they are now; nil for those that are gone.
    var chains: [ChainName: NFTChain?] = [:]
    /// Chains whose rules changed.
    var rules: Set<ChainName> = []

    static let whole = Table(isWhole: true)

    /// Beyond this many chains, reading everything costs no more, nor does remembering it.
    fileprivate static let manyChains = 4096

    fileprivate mutating func bound() {
      if chains.count + rules.count > Self.manyChains { self = .whole }
    }
  }

  /// Whether everything may have changed: nobody listened, or announcements were lost.
  private(set) var isWhole: Bool
  private var tables: [Identity: Table] = [:]

  /// Nothing has changed.
  static let none = NFTChanges(isWhole: false)
  static let whole = NFTChanges(isWhole: true)

  /// What may have changed in the table; nil where nothing did.
  subscript(identity: Identity) -> Table? { isWhole ? .whole : tables[identity] }

  /// Takes in an announcement.
  mutating func note(_ message: NetlinkMessage) {
    guard !isWhole, case .table(let type) = message.kind,
      let family = IPFamily(netlinkNumber: message.family)
    else { return }
    switch nf_tables_msg_types(UInt32(type)) {
    case NFT_MSG_NEWRULE, NFT_MSG_DELRULE: noteRule(message.attributes, family)
    case NFT_MSG_NEWCHAIN: noteChain(message, family, isGone: false)
    case NFT_MSG_DELCHAIN: noteChain(message, family, isGone: true)
    case NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE: noteTable(message.attributes, family)
    default: break
    }
  }

  private mutating func noteRule(_ attributes: NetlinkAttributes, _ family: IPFamily) {
    var attributes = attributes
    let table = TableName(netlinkText: attributes.payload(of: NFTA_RULE_TABLE))
    guard let chain = attributes.payload(of: NFTA_RULE_CHAIN) else { return }
    update(table, family) {
      // iptables can't give a longer name. Only the chain's handle says which chain it is.
      if let chain = chain.chainName { $0.rules.insert(chain) } else { $0 = .whole }
    }
  }

  private mutating func noteChain(_ message: NetlinkMessage, _ family: IPFamily, isGone: Bool) {
    guard let chain = NFTChain(message) else { return }
    update(chain.table, family) { $0.chains.updateValue(isGone ? nil : chain, forKey: chain.name) }
  }

  private mutating func noteTable(_ attributes: NetlinkAttributes, _ family: IPFamily) {
    var attributes = attributes
    update(TableName(netlinkText: attributes.payload(of: NFTA_TABLE_NAME)), family) { $0 = .whole }
  }

  private mutating func update(
    _ table: TableName?, _ family: IPFamily, _ change: (inout Table) -> Void
  ) {
    guard let identity = table.map({ Identity(family: family, table: $0) }),
      tables[identity]?.isWhole != true
    else { return }
    change(&tables[identity, default: Table()])
    tables[identity]?.bound()
  }
}
