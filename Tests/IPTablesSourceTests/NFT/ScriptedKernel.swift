import KubeProxy
import Netfilter
import Platform
import Synchronization

@testable import IPTablesSource

/// A kernel's nf_tables with one table, `ip nat`, which answers as the script of a test wants.
///
/// It answers each request as the kernel does, and lets a script change what is received. (Its model is
/// `nltest` of github.com/mdlayher/netlink: a function from requests to messages.)
final class ScriptedKernel: Sendable {
  /// A chain and its rules' handles; a rule jumps to the chain `TO-` and its handle.
  struct Chain: Sendable, Equatable {
    let name: String
    var rules: [UInt64]
  }

  struct Request: Sendable {
    enum Kind: Sendable, CaseIterable {
      case generation, table, tables, chain, chains, rule, rules
    }

    let kind: Kind
    let sequence: UInt32
    var chain = ""
    var handle: UInt64 = 0
  }

  /// What is received at once: bytes, or a failure.
  enum Reception: Sendable {
    case bytes([UInt8])
    case failure(NFTError)
  }

  /// Changes what is received in answer to a request, which may change the kernel before.
  typealias Script = @Sendable (ScriptedKernel, Request, inout [Reception]) -> Void

  private struct State {
    var generation: UInt32 = 1
    var chains = [
      Chain(name: "KUBE-A", rules: [2, 3]), Chain(name: "KUBE-B", rules: [4]),
      Chain(name: "KUBE-SERVICES", rules: [5, 6, 7]),
    ]
    var hasTable = true
    var script: Script?
    var requests: [Request] = []
    var announcements: [Reception] = []

    mutating func commit(_ messages: [[UInt8]], _ announces: Bool) {
      generation += 1
      if !announces { return }
      announcements += (messages + [generationAnnouncement(generation)]).map(Reception.bytes)
    }
  }

  private let state = Mutex(State())
  private let announces: Bool

  /// - Parameter announces: whether somebody may listen to transactions.
  init(announces: Bool = false) { self.announces = announces }

  /// A reader of this kernel.
  func makeSource() -> NFTSource {
    NFTSource(tables: [.nat], families: [.ipv4], signs: .kubeProxy) {
      [self] group throws(NFTError) in try open(group)
    }
  }

  func open(_ group: UInt32?) throws(NFTError) -> any NetlinkTransport {
    if group != nil, !announces { throw .notPermitted }
    return Transport(kernel: self, listens: group != nil)
  }

  var chains: [Chain] { state.withLock(\.chains) }

  func follow(_ script: Script?) { state.withLock { $0.script = script } }

  /// Lets a script befall the next request of a kind, and none after it.
  func atNext(_ kind: Request.Kind, _ script: @escaping Script) {
    follow { kernel, request, receptions in
      guard request.kind == kind else { return }
      kernel.follow(nil)
      script(kernel, request, &receptions)
    }
  }

  /// What was asked since this was last called.
  func takeRequests() -> [Request] {
    state.withLock { state in
      defer { state.requests = [] }
      return state.requests
    }
  }

  /// Makes a transaction, which is announced; one that is hidden has no generation of its own.
  ///
  /// - Parameter names: the chains that are announced; all if it is nil.
  func commit(
    isHidden: Bool = false, announcing names: [String]? = nil,
    _ change: @Sendable (inout [Chain]) -> Void = { _ in }
  ) {
    state.withLock { state in
      change(&state.chains)
      if isHidden { return }
      state.commit((names ?? state.chains.map(\.name)).map(Self.ruleAnnouncement), announces)
    }
  }

  /// Deletes the table, in a transaction that is announced.
  func dropTable() {
    state.withLock { state in
      state.chains = []
      state.hasTable = false
      state.commit([Self.message(2, Self.text(1, "nat"))], announces)
    }
  }

  /// What announces that rules of a chain have changed.
  static func ruleAnnouncement(_ chain: String) -> [UInt8] {
    message(6, text(1, "nat") + text(2, chain))
  }

  /// What announces the end of a transaction.
  static func generationAnnouncement(_ generation: UInt32) -> [UInt8] {
    message(15, ExpressionBytes.number(1, generation))
  }

  /// Loses all announcements that were not received yet, without the kernel's saying so.
  func dropAnnouncements() { state.withLock { $0.announcements = [] } }

  /// Announces something else.
  func announce(_ reception: Reception) { state.withLock { $0.announcements.append(reception) } }

  // MARK: Transport

  private final class Transport: NetlinkTransport {
    private let kernel: ScriptedKernel
    private let listens: Bool
    private let waiting = Mutex<[Reception]>([])

    init(kernel: ScriptedKernel, listens: Bool) {
      self.kernel = kernel
      self.listens = listens
    }

    var descriptor: Int32? { nil }

    func send(_ request: NetlinkRequest) throws(NFTError) {
      let answers = ScriptedKernel.requests(request.bytes).flatMap(kernel.answer)
      waiting.withLock { $0 += answers }
    }

    func receiveBytes(_ body: (KernelBytes) -> Void) throws(NFTError) -> Bool {
      switch listens ? kernel.nextAnnouncement() : waiting.withLock({ $0.popFirst() }) {
      case nil where listens: return false
      case nil: throw .timedOut
      case .failure(let failure): throw failure
      case .bytes(let bytes):
        unsafe bytes.withUnsafeBytes { unsafe body(KernelBytes($0)) }
        return true
      }
    }

    func waitForMessage(milliseconds: Int32) {}
  }

  private func nextAnnouncement() -> Reception? { state.withLock { $0.announcements.popFirst() } }

  // MARK: Answers

  private func answer(_ request: Request) -> [Reception] {
    let script = state.withLock(\.script)
    var receptions = state.withLock { state in
      state.requests.append(request)
      return Self.messages(request, state).map(Reception.bytes)
    }
    script?(self, request, &receptions)
    return receptions
  }

  private static func messages(_ request: Request, _ state: State) -> [[UInt8]] {
    let sequence = request.sequence
    let chains = state.chains.filter { request.chain.isEmpty || $0.name == request.chain }
    switch request.kind {
    case .generation:
      return [message(15, ExpressionBytes.number(1, state.generation), sequence)]
    case .table: return [error(2, sequence)]
    case .chain where chains.isEmpty: return [error(2, sequence)]
    case .tables where !state.hasTable: return [end(sequence)]
    case .tables: return [message(0, text(1, "nat") + number(4, 1), sequence), end(sequence)]
    case .chain, .chains:
      let messages = chains.enumerated().map { index, chain in
        message(3, text(1, "nat") + number(2, UInt64(index + 8)) + text(3, chain.name), sequence)
      }
      return request.kind == .chain ? messages : messages + [end(sequence)]
    case .rule:
      let isThere = chains.contains { $0.rules.contains(request.handle) }
      return [isThere ? rule(request.handle, sequence) : error(2, sequence)]
    case .rules:
      return chains.flatMap(\.rules).map { rule($0, sequence) } + [end(sequence)]
    }
  }

  private static func rule(_ handle: UInt64, _ sequence: UInt32) -> [UInt8] {
    // What translates the destination is read alone, for its counter.
    let translation = ExpressionBytes.target(
      "DNAT", revision: 2, Array(repeating: UInt8(truncatingIfNeeded: handle), count: 48))
    let expressions = [ExpressionBytes.counter(packets: handle, bytes: 0), translation].list
    return message(
      6, number(3, handle) + ExpressionBytes.attribute(4, expressions), sequence)
  }

  static func end(_ sequence: UInt32, code: Int32 = 0) -> [UInt8] {
    header(3, sequence, words([UInt32(bitPattern: -code)]))
  }

  static func error(_ code: Int32, _ sequence: UInt32) -> [UInt8] {
    header(2, sequence, words([UInt32(bitPattern: -code)]))
  }

  /// A message of nf_tables, of the family ip.
  static func message(_ type: UInt32, _ attributes: [UInt8], _ sequence: UInt32 = 0) -> [UInt8] {
    header(10 << 8 | type, sequence, words([2]) + attributes)
  }

  private static func header(_ type: UInt32, _ sequence: UInt32, _ rest: [UInt8]) -> [UInt8] {
    words([UInt32(16 + rest.count), 2 << 16 | type, sequence, 0]) + rest
  }

  private static func text(_ type: UInt16, _ text: String) -> [UInt8] {
    ExpressionBytes.attribute(type, Array(text.utf8) + [0])
  }

  private static func number(_ type: UInt16, _ number: UInt64) -> [UInt8] {
    ExpressionBytes.attribute(
      type, words([UInt32(number >> 32).byteSwapped, UInt32(number & 0xffff_ffff).byteSwapped]))
  }

  private static func words(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  // MARK: Requests

  private static func requests(_ bytes: [UInt8]) -> [Request] {
    unsafe bytes.withUnsafeBytes { unsafe NetlinkMessages(KernelBytes($0)).compactMap(request) }
  }

  private static func request(_ message: NetlinkMessage) -> Request? {
    guard case .table(let type) = message.kind else { return nil }
    var names: [Int: String] = [:]
    var handle: UInt64 = 0
    for attribute in message.attributes {
      names[attribute.type] = attribute.payload.string
      if type == 7, attribute.type == 3 {
        handle = attribute.payload.loadBigEndian(UInt64.self, at: 0) ?? 0
      }
    }
    let kind: Request.Kind
    switch type {
    case 1: kind = names[1] == nil ? .tables : .table
    case 4: kind = names[3] == nil ? .chains : .chain
    case 7: kind = handle == 0 ? .rules : .rule
    default: kind = .generation
    }
    let chain = type == 4 ? names[3] : type == 7 ? names[2] : nil
    return Request(kind: kind, sequence: message.sequence, chain: chain ?? "", handle: handle)
  }
}

extension ScriptedKernel.Reception {
  /// A message with the flag `NLM_F_DUMP_INTR`.
  var interrupted: Self {
    guard case .bytes(var bytes) = self else { return self }
    bytes[6] |= 0x10
    return .bytes(bytes)
  }
}

extension [ScriptedKernel.Reception] {
  fileprivate mutating func popFirst() -> Element? { isEmpty ? nil : removeFirst() }
}
