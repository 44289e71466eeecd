private import CNFTables
private import Glibc
internal import Netfilter
internal import Platform
internal import Synchronization

/// Asks nf_tables, and gets answers; never changes anything.
///
/// C counterparts: the messages `NFT_MSG_GET…` of `linux/netfilter/nf_tables.h`.
final class NFTConnection: Sendable {
  private let transport: any NetlinkTransport
  /// The next request's number. Each has its own: an answer that comes late answers no other request.
  private let nextSequence = Atomic<UInt32>(1)
  private let hasGap = Atomic(false)

  init(_ transport: any NetlinkTransport) { self.transport = transport }

  /// Whether an answer lacked something since this was last asked: the rules changed while they were
  /// dumped, or a chain that is to be read isn't there.
  func takeGap() -> Bool { hasGap.exchange(false, ordering: .relaxed) }

  /// The number of the rule set's generation: every transaction makes another.
  func generation() throws(NFTError) -> UInt32 {
    var generation: UInt32?
    try ask(NFT_MSG_GETGEN, nil, { generation = NFTGeneration($0)?.number })
    guard let generation else { throw .malformed }
    return generation
  }

  /// Whether there is a table of that name.
  func hasTable(_ name: String, _ family: IPFamily) throws(NFTError) -> Bool {
    try exists { () throws(NFTError) in
      try ask(NFT_MSG_GETTABLE, family, adding: { $0.add(NFTA_TABLE_NAME, name.utf8) })
    }
  }

  /// What there is to know of a chain but its rules; nil where it doesn't exist.
  func chain(
    _ name: some Collection<UInt8>, in table: TableName, _ family: IPFamily
  ) throws(NFTError) -> NFTChain? {
    var chain: NFTChain?
    _ = try exists { () throws(NFTError) in
      try ask(
        NFT_MSG_GETCHAIN, family,
        adding: {
          $0.add(NFTA_CHAIN_TABLE, table.rawValue.utf8)
          $0.add(NFTA_CHAIN_NAME, name)
        }, { chain = NFTChain($0) })
    }
    return chain
  }

  /// The handles of those tables of the family that iptables has too.
  func tables(of family: IPFamily) throws(NFTError) -> [TableName: UInt64] {
    var tables: [TableName: UInt64] = [:]
    try ask(
      NFT_MSG_GETTABLE, family, isDump: true,
      { message in
        var attributes = message.attributes
        if let table = TableName(netlinkText: attributes.payload(of: NFTA_TABLE_NAME)) {
          tables[table] = attributes.number(of: NFTA_TABLE_HANDLE) ?? 0
        }
      })
    return tables
  }

  /// All chains of the family's tables that iptables has too: the kernel can't do with fewer.
  func chains(of family: IPFamily) throws(NFTError) -> [TableName: [NFTChain]] {
    var chains: [TableName: [NFTChain]] = [:]
    try ask(
      NFT_MSG_GETCHAIN, family, isDump: true,
      { message in
        if let chain = NFTChain(message) { chains[chain.table, default: []].append(chain) }
      })
    return chains
  }

  /// Calls `body` with each rule of a chain, in order; with none, which is a gap, where the chain
  /// doesn't exist.
  ///
  /// Rules are asked for chain by chain: the kernel begins a dump over at each buffer that it fills,
  /// which takes seconds for a large table.
  func forEachRule(
    of chain: some Collection<UInt8>, in table: TableName, _ family: IPFamily,
    _ body: (NFTRule) -> Void
  ) throws(NFTError) {
    let isThere = try exists { () throws(NFTError) in
      try ask(
        NFT_MSG_GETRULE, family, isDump: true,
        adding: {
          $0.add(NFTA_RULE_TABLE, table.rawValue.utf8)
          $0.add(NFTA_RULE_CHAIN, chain)
        }, { body(NFTRule($0.attributes)) })
    }
    if !isThere { hasGap.store(true, ordering: .relaxed) }
  }

  /// A rule by its handle.
  struct RuleAddress: Sendable {
    let chain: ChainName
    let handle: UInt64
  }

  /// Calls `body` with each of some rules of a table and its index among them, in any order.
  ///
  /// - Throws: ``NFTError/notFound`` where one of them is gone.
  func forEachRule(
    at addresses: ArraySlice<RuleAddress>, in table: TableName, _ family: IPFamily,
    _ body: (Int, NFTRule) -> Void
  ) throws(NFTError) {
    var rest = addresses
    while !rest.isEmpty {
      let batch = rest.prefix(Self.batchSize)
      rest = rest.dropFirst(batch.count)
      var request = NetlinkRequest()
      let first = takeSequence(UInt32(batch.count))
      for (number, address) in batch.enumerated() {
        request.begin(NFT_MSG_GETRULE, family, sequence: first &+ UInt32(number))
        request.add(NFTA_RULE_TABLE, table.rawValue.utf8)
        request.add(NFTA_RULE_CHAIN, address.chain.bytes)
        request.add(NFTA_RULE_HANDLE, address.handle)
        request.end()
      }
      try transport.send(request)
      try receiveAnswers(to: batch, from: first, body)
    }
  }

  /// Each answer waits in the socket's queue, of whose memory it takes some five kilobytes.
  private static let batchSize = 128

  private func receiveAnswers(
    to batch: ArraySlice<RuleAddress>, from sequence: UInt32, _ body: (Int, NFTRule) -> Void
  ) throws(NFTError) {
    var missing = batch.count
    var failure: NFTError?
    while missing > 0 {
      let isThere = try transport.receive { message in
        let number = Int(message.sequence &- sequence)
        guard number < batch.count else { return }
        missing -= 1
        switch message.kind {
        case .table(Int(NFT_MSG_NEWRULE.rawValue)):
          body(batch.startIndex + number, NFTRule(message.attributes))
        case .error(let code) where code != 0: failure = .refused(SystemError(code: code))
        default: failure = .malformed
        }
      }
      if !isThere { throw .malformed }
    }
    if let failure { throw failure }
  }

  // MARK: Netlink

  /// The first of so many numbers that no request has had yet.
  private func takeSequence(_ count: UInt32 = 1) -> UInt32 {
    nextSequence.wrappingAdd(count, ordering: .relaxed).oldValue
  }

  /// Asks one question, and hands each message of the answer over.
  private func ask(
    _ type: nf_tables_msg_types, _ family: IPFamily?, isDump: Bool = false,
    adding addAttributes: (inout NetlinkRequest) -> Void = { _ in },
    _ body: (NetlinkMessage) -> Void = { _ in }
  ) throws(NFTError) {
    var request = NetlinkRequest()
    let sequence = takeSequence()
    request.begin(type, family, isDump: isDump, sequence: sequence)
    addAttributes(&request)
    request.end()
    try transport.send(request)
    // What answers `NFT_MSG_GET…` is `NFT_MSG_NEW…`, the number before it.
    let isInterrupted = try transport.receiveAnswer(
      to: sequence, of: .table(Int(type.rawValue) - 1), isDump: isDump, body)
    if isInterrupted { hasGap.store(true, ordering: .relaxed) }
  }

  /// Whether what is asked for exists.
  private func exists(
    _ question: () throws(NFTError) -> Void
  ) throws(NFTError) -> Bool {
    do {
      try question()
      return true
    } catch {
      if error == .notFound { return false }
      throw error
    }
  }
}

/// Why one of netfilter's subsystems could not be read.
enum NFTError: Error, Hashable {
  /// A call failed, or a request was refused: the `errno` is kept as it is.
  case refused(SystemError)
  /// No answer came in time.
  case timedOut
  /// Messages came faster than they were taken, and the kernel dropped some.
  case overrun
  /// What came is no answer to the request.
  case malformed
  /// Something was missing, though no transaction came in between.
  case contradictory
  /// A transaction came in between each time the rules were read.
  case overtaken
  /// The kernel doesn't have the subsystem, or has not loaded it.
  case notLoaded

  /// ENOENT: what was asked for doesn't exist.
  static let notFound = NFTError.refused(.noSuchFile)
  /// EPERM.
  static let notPermitted = NFTError.refused(SystemError(code: EPERM))
}

extension NFTError {
  /// The refusal's `errno`; nil where it is none.
  var code: Int32? {
    if case .refused(let refusal) = self { refusal.code } else { nil }
  }

  /// What went wrong, in words.
  ///
  /// - Parameter subsystem: what was asked.
  func words(of subsystem: KernelSubsystem) -> String {
    switch self {
    case .refused(let refusal):
      self == .notPermitted ? "\(refusal); it takes CAP_NET_ADMIN" : "\(refusal)"
    case .timedOut: "no answer came within \(NetlinkSocket.patience) seconds"
    case .overrun: "answers were lost, because they came faster than they were taken"
    case .malformed: "an answer was none to what was asked"
    case .contradictory: "something was missing, though no rule had changed"
    case .overtaken: "the rules changed again and again while they were read"
    case .notLoaded:
      "the kernel has not loaded \(subsystem.module), and reading must not make it"
    }
  }
}

extension ReadingError {
  init(_ family: IPFamily, _ error: NFTError) {
    self.init(
      operation: .readNFTables(family), code: error.code, cause: error.words(of: .nfTables))
  }
}
