import KubeProxy
import Netfilter
import Platform
import Synchronization
import Testing

@testable import IPTablesSource

@Suite("What is read of nf_tables is what may have changed")
struct NFTReadingTests {
  /// What happens after a first reading, and what the next reading asks for.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let counters: CounterSelection
    let listens: Bool
    let questions: String
    let change: @Sendable (ScriptedKernel) -> Void

    init(
      _ description: String, _ counters: CounterSelection = [], listens: Bool = true,
      asks questions: String, _ change: @escaping @Sendable (ScriptedKernel) -> Void = { _ in }
    ) {
      testDescription = description
      self.counters = counters
      self.listens = listens
      self.questions = questions
      self.change = change
    }
  }

  private static let all = "tables chains KUBE-A KUBE-B KUBE-SERVICES"

  private static let quiet = [
    Case("Nothing changed", asks: "generation generation"),
    Case("Nothing changed, and nobody may listen", listens: false, asks: "generation generation"),
    Case("Counters of connections", .connections, asks: "generation 2 3 4 5 6 7 generation"),
    Case(
      "Counters of all rules", .rules, asks: "generation KUBE-A KUBE-B KUBE-SERVICES generation"),
  ]

  private static let changes = [
    Case("A chain's rules changed", asks: "generation KUBE-B generation") {
      $0.commit(announcing: ["KUBE-B"]) { $0[1].rules = [20] }
    },
    Case(
      "Its counters are read, too", .connections, asks: "generation KUBE-B 2 3 20 5 6 7 generation"
    ) {
      $0.commit(announcing: ["KUBE-B"]) { $0[1].rules = [20] }
    },
    Case("Somebody else's tables changed", asks: "generation generation") {
      $0.commit(announcing: [])
    },
    Case(
      "Something changed, and nobody may listen", listens: false,
      asks: "generation \(all) generation"
    ) { $0.commit(announcing: []) },
    Case("Rules that are read whole come with counters", .all, asks: "generation \(all) generation")
    {
      $0.commit { $0[1].rules = [20] }
      $0.announce(.failure(.overrun))
    },
    Case("Announcements were lost", asks: "generation \(all) generation") {
      $0.commit(isHidden: true) { $0[1].rules = [20] }
      $0.announce(.failure(.overrun))
    },
    Case("Announcements were garbage", asks: "generation \(all) generation") {
      $0.announce(.bytes([1, 2, 3]))
    },
    Case("A generation is never announced", asks: "generation \(all) generation") {
      $0.commit(announcing: [])
      $0.dropAnnouncements()
    },
    Case("The table is gone", .all, asks: "generation tables chains generation") { $0.dropTable() },
  ]

  private static let interruptions = [
    Case(
      "A transaction came meanwhile",
      asks: "generation KUBE-B generation generation KUBE-A generation"
    ) {
      $0.commit(announcing: ["KUBE-B"])
      $0.atNext(.rules) { kernel, _, _ in
        kernel.commit(announcing: ["KUBE-A"]) { $0[0].rules = [20] }
      }
    },
    Case(
      "One is announced, though its generation is not in force",
      asks: "generation KUBE-A generation generation generation"
    ) {
      $0.atNext(.generation) { kernel, _, _ in
        kernel.commit(announcing: ["KUBE-A"]) { $0[0].rules = [20] }
      }
    },
    Case(
      "One came when nothing had to be read",
      asks: "generation generation generation KUBE-A generation"
    ) {
      $0.atNext(.generation) { kernel, _, _ in
        kernel.atNext(.generation) { kernel, _, _ in
          kernel.commit(announcing: ["KUBE-A"]) { $0[0].rules = [20] }
        }
      }
    },
    Case(
      "One came while counters were read", .connections,
      asks: "generation 2 3 4 5 6 7 generation generation KUBE-A 20 4 5 6 7 generation"
    ) {
      $0.atNext(.rule) { kernel, _, _ in
        kernel.commit(announcing: ["KUBE-A"]) { $0[0].rules = [20] }
      }
    },
    Case(
      "One came, and nobody may listen", listens: false,
      asks: "generation \(all) generation generation \(all) generation"
    ) {
      $0.commit()
      $0.atNext(.rules) { kernel, _, _ in kernel.commit { $0[1].rules = [20] } }
    },
    Case(
      "One came while chains were listed, so that the list is doubtful",
      asks: "generation \(all) generation generation tables chains KUBE-A generation"
    ) {
      $0.announce(.failure(.overrun))
      $0.atNext(.chains) { kernel, _, _ in
        kernel.commit(announcing: ["KUBE-A"]) { $0[0].rules = [20] }
      }
    },
    Case(
      "A dump was interrupted, and none came",
      asks: "generation KUBE-B generation generation \(all) generation"
    ) {
      $0.commit(announcing: ["KUBE-B"]) { $0[1].rules = [20] }
      $0.atNext(.rules) { $2 = $2.map(\.interrupted) }
    },
    Case(
      "A dump was interrupted, and one came",
      asks: "generation KUBE-B generation generation KUBE-B generation"
    ) {
      $0.commit(announcing: ["KUBE-B"])
      $0.atNext(.rules) { kernel, _, receptions in
        receptions = receptions.map(\.interrupted)
        kernel.commit(announcing: ["KUBE-B"]) { $0[1].rules = [20, 21] }
      }
    },
    Case(
      "A rule was gone, and no transaction came", .connections,
      asks: "generation 2 3 4 5 6 7 generation generation \(all) generation"
    ) { $0.commit(isHidden: true) { $0[1].rules = [20] } },
    Case(
      "A rule was gone, and one came", .connections,
      asks: "generation 2 3 4 5 6 7 generation generation KUBE-B 2 3 20 5 6 7 generation"
    ) {
      $0.atNext(.rule) { kernel, request, receptions in
        kernel.commit(announcing: ["KUBE-B"]) { $0[1].rules = [20] }
        receptions = [.bytes(ScriptedKernel.error(2, request.sequence))]
      }
    },
    Case(
      "The table was gone while it was read",
      asks: "generation tables generation generation tables chains generation"
    ) {
      $0.announce(.failure(.overrun))
      $0.atNext(.tables) { kernel, request, receptions in
        kernel.dropTable()
        receptions = [.bytes(ScriptedKernel.error(2, request.sequence))]
      }
    },
  ]

  @Test("The next reading asks for no more", arguments: [quiet, changes, interruptions].joined())
  func questions(_ example: Case) throws {
    let kernel = ScriptedKernel(announces: example.listens)
    let source = kernel.makeSource()
    try expectTruth(source, kernel, [], "generation \(Self.all) generation")
    example.change(kernel)
    try expectTruth(source, kernel, example.counters, example.questions)
    try expectTruth(source, kernel, [], "generation generation")
  }

  @Test(
    "A reading that fails leaves nothing to rely on",
    arguments: [.timedOut, .overrun, .notPermitted, .notLoaded] as [NFTError])
  func failed(_ error: NFTError) throws {
    let kernel = ScriptedKernel(announces: true)
    let source = kernel.makeSource()
    try expectTruth(source, kernel, [], "generation \(Self.all) generation")
    kernel.atNext(.generation) { $2 = [.failure(error)] }
    #expect(Self.error(source) == ReadingError(.ipv4, error))
    #expect(source.isAbsent == (error == .notLoaded))
    #expect(!source.mayHaveChanged())
    _ = kernel.takeRequests()
    try expectTruth(source, kernel, [], "generation \(Self.all) generation")
    #expect(!source.isAbsent)
  }

  @Test(
    "Where nothing may be opened, that is said, until it may",
    arguments: [.notPermitted, .notLoaded, .refused(SystemError(code: 24))] as [NFTError])
  func closed(_ error: NFTError) throws {
    let kernel = ScriptedKernel()
    let failure = Mutex<NFTError?>(error)
    let source = NFTSource(tables: [.nat], families: [.ipv4], signs: .kubeProxy) {
      group throws(NFTError) in
      if let failure = failure.withLock(\.self) { throw failure }
      return try kernel.open(group)
    }
    #expect(!source.isAbsent && !source.mayHaveChanged())
    for _ in 0..<2 {
      #expect(Self.error(source) == ReadingError(.ipv4, error))
      #expect(source.isAbsent == (error == .notLoaded))
      #expect(!source.mayHaveChanged() && !source.hasTable())
    }
    failure.withLock { $0 = nil }
    try expectTruth(source, kernel, [], "generation \(Self.all) generation")
  }

  private static func error(_ source: NFTSource) -> ReadingError? {
    guard case .failure(let error)? = source.read([]).families.first?.result else { return nil }
    return error
  }

  /// Expects that a reading has all of the kernel's rules, and asks those questions, but for signs.
  private func expectTruth(
    _ source: NFTSource, _ kernel: ScriptedKernel, _ counters: CounterSelection,
    _ questions: String
  ) throws {
    let reading = try #require(source.read(counters).families.first).result.get()
    #expect(reading.table(.nat)?.handles.map(NFTRuleHandle.rule) ?? [] == kernel.rules)
    #expect(reading.absentTables == (kernel.chains.isEmpty ? [.nat] : []))
    let asked = kernel.takeRequests().compactMap { request -> String? in
      switch request.kind {
      case .table, .chain: nil
      case .rule: "\(request.handle)"
      case .rules: request.chain
      case .generation, .tables, .chains: "\(request.kind)"
      }
    }
    #expect(asked.joined(separator: " ") == questions)
  }
}

extension ScriptedKernel {
  fileprivate var rules: [UInt64] { chains.flatMap(\.rules) }
}
