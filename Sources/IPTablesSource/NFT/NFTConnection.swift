internal import Netfilter
internal import Platform

/// Asks nf_tables, and gets answers; never changes anything.
///
/// C counterparts: the messages `NFT_MSG_GET…` of `linux/netfilter/nf_tables.h`.
final class NFTConnection: Sendable {
  private let socket: NetlinkSocket

  /// Opens a connection to the nf_tables of this thread's network namespace.
  ///
  /// - Throws: ``SystemError`` of the call that failed.
  init() throws(SystemError) { socket = try NetlinkSocket() }

  /// The number of the rule set's generation: every transaction makes another.
  func generation() throws(SystemError) -> UInt32 {
    var generation: UInt32?
    try ask(
      NFTNumbers.Message.getGeneration, nil, { generation = NFTGeneration($0)?.number })
    guard let generation else { throw .malformed }
    return generation
  }

  /// Whether there is a table of that name.
  func hasTable(_ name: String, _ family: IPFamily) throws(SystemError) -> Bool {
    try exists { () throws(SystemError) in
      try ask(
        NFTNumbers.Message.getTable, family, adding: { $0.add(NFTNumbers.Table.name, name.utf8) })
    }
  }

  /// What there is to know of a chain but its rules; nil where it doesn't exist.
  func chain(
    _ name: some Collection<UInt8>, in table: TableName, _ family: IPFamily
  ) throws(SystemError) -> NFTChain? {
    var chain: NFTChain?
    _ = try exists { () throws(SystemError) in
      try ask(
        NFTNumbers.Message.getChain, family,
        adding: {
          $0.add(NFTNumbers.Chain.table, table.rawValue.utf8)
          $0.add(NFTNumbers.Chain.name, name)
        }, { chain = NFTChain($0) })
    }
    return chain
  }

  /// The handles of those tables of the family that iptables has too.
  func tables(of family: IPFamily) throws(SystemError) -> [TableName: UInt64] {
    var tables: [TableName: UInt64] = [:]
    try ask(
      NFTNumbers.Message.getTable, family, isDump: true,
      { message in
        var table: TableName?
        var handle: UInt64 = 0
        for attribute in message.attributes {
          switch attribute.type {
          case NFTNumbers.Table.name: table = TableName(netlinkText: attribute.payload)
          case NFTNumbers.Table.handle:
            handle = attribute.payload.loadBigEndian(UInt64.self, at: 0) ?? 0
          default: break
          }
        }
        if let table { tables[table] = handle }
      })
    return tables
  }

  /// All chains of the family's tables that iptables has too: the kernel can't do with fewer.
  func chains(of family: IPFamily) throws(SystemError) -> [TableName: [NFTChain]] {
    var chains: [TableName: [NFTChain]] = [:]
    try ask(
      NFTNumbers.Message.getChain, family, isDump: true,
      { message in
        if let chain = NFTChain(message) { chains[chain.table, default: []].append(chain) }
      })
    return chains
  }

  /// Calls `body` with each rule of a chain, in order; with none where the chain doesn't exist.
  ///
  /// Rules are asked for chain by chain: the kernel begins a dump over at each buffer that it fills,
  /// which takes seconds for a large table.
  func forEachRule(
    of chain: some Collection<UInt8>, in table: TableName, _ family: IPFamily,
    _ body: (NFTRule) -> Void
  ) throws(SystemError) {
    _ = try exists { () throws(SystemError) in
      try ask(
        NFTNumbers.Message.getRule, family, isDump: true,
        adding: {
          $0.add(NFTNumbers.Rule.table, table.rawValue.utf8)
          $0.add(NFTNumbers.Rule.chain, chain)
        }, { body(NFTRule($0.attributes)) })
    }
  }

  /// A rule by its handle.
  struct RuleAddress: Sendable {
    let chain: ChainName
    let handle: UInt64
  }

  /// Calls `body` with each of some rules of a table and its index among them, in any order.
  ///
  /// - Throws: ``SystemError/notFound`` where one of them is gone.
  func forEachRule(
    at addresses: ArraySlice<RuleAddress>, in table: TableName, _ family: IPFamily,
    _ body: (Int, NFTRule) -> Void
  ) throws(SystemError) {
    var rest = addresses
    while !rest.isEmpty {
      let batch = rest.prefix(Self.batchSize)
      rest = rest.dropFirst(batch.count)
      var request = NetlinkRequest()
      for (index, address) in zip(batch.indices, batch) {
        request.begin(
          NFTNumbers.Message.getRule, family, sequence: UInt32(truncatingIfNeeded: index))
        request.add(NFTNumbers.Rule.table, table.rawValue.utf8)
        request.add(NFTNumbers.Rule.chain, address.chain.bytes)
        request.add(NFTNumbers.Rule.handle, address.handle)
        request.end()
      }
      try socket.send(request)
      try receiveAnswers(to: batch, body)
    }
  }

  /// Each answer waits in the socket's queue, of whose memory it takes some five kilobytes.
  private static let batchSize = 128

  private func receiveAnswers(
    to batch: ArraySlice<RuleAddress>, _ body: (Int, NFTRule) -> Void
  ) throws(SystemError) {
    var missing = batch.count
    var failure: SystemError?
    while missing > 0 {
      let isThere = try socket.receive { message in
        guard batch.indices.contains(Int(message.sequence)) else { return }
        missing -= 1
        switch message.kind {
        case .table(NFTNumbers.Message.newRule):
          body(Int(message.sequence), NFTRule(message.attributes))
        case .error(let code): failure = SystemError(code: code)
        default: break
        }
      }
      if !isThere { throw .malformed }
    }
    if let failure { throw failure }
  }

  // MARK: Netlink

  /// Numbers behind those of batches, which are indices.
  private static let sequence: UInt32 = 0x8000_0000

  /// Asks one question, and hands each message of the answer over.
  private func ask(
    _ type: Int, _ family: IPFamily?, isDump: Bool = false,
    adding addAttributes: (inout NetlinkRequest) -> Void = { _ in },
    _ body: (NetlinkMessage) -> Void = { _ in }
  ) throws(SystemError) {
    var request = NetlinkRequest()
    request.begin(type, family, isDump: isDump, sequence: Self.sequence)
    addAttributes(&request)
    request.end()
    try socket.send(request)
    var isDone = false
    var failure: SystemError?
    while !isDone {
      let isThere = try socket.receive { message in
        guard message.sequence == Self.sequence else { return }
        switch message.kind {
        case .table:
          body(message)
          if !isDump { isDone = true }
        case .done: isDone = true
        case .error(let code):
          isDone = true
          if code != 0 { failure = SystemError(code: code) }
        case .other: break
        }
      }
      if !isThere { throw .malformed }
    }
    if let failure { throw failure }
  }

  /// Whether what is asked for exists.
  private func exists(
    _ question: () throws(SystemError) -> Void
  ) throws(SystemError) -> Bool {
    do {
      try question()
      return true
    } catch {
      if error == .notFound { return false }
      throw error
    }
  }
}
