private import CNFTables
internal import Netfilter
internal import Platform
internal import Synchronization

/// Listens to what nf_tables announces, from its own thread, and keeps what somebody may want to know:
/// what changed since it was last asked, and who changed it.
final class NFTEventLog: Sendable {
  private let transport: any NetlinkTransport
  private let watch: DescriptorWatch?
  private let announcements = Mutex(NFTAnnouncements())

  /// Begins to listen in this thread's network namespace.
  ///
  /// - Throws: ``NFTError`` where that isn't allowed: it takes CAP_NET_ADMIN.
  init(_ open: NetlinkOpening) throws(NFTError) {
    let transport = try open(UInt32(NFNLGRP_NFTABLES.rawValue))
    self.transport = transport
    watch = transport.descriptor.map {
      DescriptorWatch($0, of: transport, label: "nf_tables events")
    }
    watch?.start { [weak self] in self?.drain() }
  }

  deinit { watch?.cancel() }

  /// Whether a transaction was announced since changes were last taken.
  var news: NFTReadingState.News {
    drain()
    return announcements.withLock(\.news)
  }

  var counts: TransactionCounts {
    drain()
    return announcements.withLock(\.counts)
  }

  /// What changed since this was last called, up to a generation at least.
  ///
  /// A generation's number is there a little before its rules, and its announcement a little after them;
  /// so this waits for the announcement. Where it doesn't come, everything may have changed.
  func takeChanges(upTo generation: UInt32) -> NFTChanges {
    awaitAnnouncement(of: generation)
    return announcements.withLock { $0.takeChanges(upTo: generation) }
  }

  /// Forgets what was announced up to a generation, for who is about to read everything.
  func discardChanges(upTo generation: UInt32) {
    drain()
    // The generation at which listening began is not announced.
    if announcements.withLock({ $0.generation != nil }) { awaitAnnouncement(of: generation) }
    _ = announcements.withLock { $0.takeChanges(upTo: generation) }
  }

  /// Waits until the generation was announced, or one behind it, unless announcements were lost.
  private func awaitAnnouncement(of generation: UInt32) {
    drain()
    for _ in 0..<Self.patience where announcements.withLock({ $0.lacks(generation) }) {
      transport.waitForMessage(milliseconds: 5)
      drain()
    }
  }

  /// How often five milliseconds are waited for an announcement: whoever commits may be kept from going
  /// on by others.
  private static let patience = 200

  /// Takes in all that waits.
  private func drain() {
    announcements.withLock { announcements in
      for _ in 0..<Self.longestDrain {
        do throws(NFTError) {
          if try !transport.receive({ announcements.note($0) }) { return }
        } catch {
          announcements.note(error)
          if case .broken(error) = announcements.news { return }
        }
      }
    }
  }

  /// So many messages are taken at once, lest one who asks waits for ever.
  private static let longestDrain = 10_000
}

/// What nf_tables has announced since changes were last taken, and who made the transactions.
struct NFTAnnouncements {
  private enum State {
    /// All was received. Changes of a transaction come before its end.
    case received(NFTChanges, hasEnd: Bool)
    /// Announcements were lost, or were no messages: what they said is unknown.
    case lost
    /// Nothing can be received any more.
    case broken(NFTError)
  }

  private var state = State.received(.none, hasEnd: false)
  /// The last generation that was announced.
  private(set) var generation: UInt32?
  private(set) var counts = TransactionCounts()

  var news: NFTReadingState.News {
    switch state {
    case .received(_, let hasEnd): hasEnd ? .some : .none
    case .lost: .some
    case .broken(let error): .broken(error)
    }
  }

  /// Takes in an announcement.
  mutating func note(_ message: NetlinkMessage) {
    var end: NFTGeneration?
    if case .table(Int(NFT_MSG_NEWGEN.rawValue)) = message.kind { end = NFTGeneration(message) }
    if let end {
      generation = end.number
      counts.count(end.process)
    }
    guard case .received(var changes, let hasEnd) = state else { return }
    // Changes that the state shares would be copied for each message.
    state = .lost
    changes.note(message)
    state = .received(changes, hasEnd: hasEnd || end != nil)
  }

  /// Takes in why an announcement couldn't be received.
  mutating func note(_ error: NFTError) {
    if error == .overrun { counts.overruns += 1 }
    switch (error, state) {
    case (.overrun, .broken), (.malformed, .broken): break
    case (.overrun, _), (.malformed, _): state = .lost
    default: state = .broken(error)
    }
  }

  /// Whether a generation's announcement is still to come.
  func lacks(_ number: UInt32) -> Bool {
    if case .received = state { !hasReached(number) } else { false }
  }

  /// Returns what has changed up to a generation at least, and forgets it.
  mutating func takeChanges(upTo number: UInt32) -> NFTChanges {
    var changes = NFTChanges.whole
    if case .received(let received, _) = state, hasReached(number) { changes = received }
    if case .broken = state { return changes }
    state = .received(.none, hasEnd: false)
    return changes
  }

  private func hasReached(_ number: UInt32) -> Bool {
    // Generations wrap around.
    generation.map { Int32(bitPattern: $0 &- number) >= 0 } ?? false
  }
}

extension TransactionCounts {
  /// Counts a transaction of a process, whose name is what whoever committed it chose.
  fileprivate mutating func count(_ process: String) {
    let isKnown = byProcess[process] != nil || byProcess.count < Self.mostProcesses
    byProcess[isKnown ? process : "other", default: 0] += 1
  }

  private static let mostProcesses = 32
}

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
