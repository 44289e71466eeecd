private import CNFTables
internal import Netfilter

/// What the announcements of nf_tables say may have changed, to be read again.
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

  private init(isWhole: Bool) { self.isWhole = isWhole }

  /// What may have changed in the table; nil where nothing did.
  subscript(identity: Identity) -> Table? { isWhole ? .whole : tables[identity] }

  /// Takes in an announcement.
  mutating func note(_ message: NetlinkMessage) {
    guard !isWhole, case .table(let type) = message.kind,
      let family = IPFamily(netlinkNumber: message.family)
    else { return }
    switch type {
    case NFTNumbers.Message.newRule, NFTNumbers.Message.deleteRule:
      noteRule(message.attributes, family)
    case NFTNumbers.Message.newChain:
      guard let chain = NFTChain(message) else { return }
      note(chain, family, isGone: false)
    case NFTNumbers.Message.deleteChain:
      guard let chain = NFTChain(message) else { return }
      note(chain, family, isGone: true)
    case NFTNumbers.Message.newTable, NFTNumbers.Message.deleteTable:
      noteTable(message.attributes, family)
    default: break
    }
  }

  private mutating func noteRule(_ attributes: NetlinkAttributes, _ family: IPFamily) {
    var table: TableName?
    for attribute in attributes {
      switch nft_rule_attributes(UInt32(attribute.type)) {
      case NFTA_RULE_TABLE: table = TableName(netlinkText: attribute.payload)
      case NFTA_RULE_CHAIN:
        guard let table else { return }
        let identity = Identity(family: family, table: table)
        if let chain = attribute.payload.chainName {
          update(identity) { $0.rules.insert(chain) }
        } else {
          // A name that iptables can't give: which chain it is, only its handle tells.
          update(identity) { $0 = .whole }
        }
        return
      default: break
      }
    }
  }

  private mutating func note(_ chain: NFTChain, _ family: IPFamily, isGone: Bool) {
    update(Identity(family: family, table: chain.table)) { table in
      table.chains.updateValue(isGone ? nil : chain, forKey: chain.name)
    }
  }

  private mutating func noteTable(_ attributes: NetlinkAttributes, _ family: IPFamily) {
    for attribute in attributes
    where nft_table_attributes(UInt32(attribute.type)) == NFTA_TABLE_NAME {
      if let table = TableName(netlinkText: attribute.payload) {
        update(Identity(family: family, table: table)) { $0 = .whole }
      }
    }
  }

  private mutating func update(_ identity: Identity, _ change: (inout Table) -> Void) {
    if tables[identity]?.isWhole == true { return }
    change(&tables[identity, default: Table()])
    tables[identity]?.bound()
  }
}
