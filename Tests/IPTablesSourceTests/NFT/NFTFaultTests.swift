import Netfilter
import Platform
import Synchronization
import Testing

@testable import IPTablesSource

@Suite("What goes wrong between nf_tables and its reader")
struct NFTFaultTests {
  /// Something that befalls the answers to requests, and the words in which a reading that fails by it
  /// says so.
  struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let words: String
    let script: ScriptedKernel.Script

    init(_ description: String, _ words: String, _ script: @escaping ScriptedKernel.Script) {
      testDescription = description
      self.words = words
      self.script = script
    }
  }

  private static let faults = [
    Fault("Silence", "no answer came within 10 seconds") { $2 = [] },
    Fault("An overrun", "answers were lost") { $2.insert(.failure(.overrun), at: 0) },
    Fault("A refusal", "Device or resource busy") {
      $2 = [.bytes(ScriptedKernel.error(16, $1.sequence))]
    },
    Fault("Nothing at all", "an answer was none") { $2.insert(.bytes([]), at: 0) },
    Fault("A short message", "an answer was none") {
      guard case .bytes(let bytes)? = $2.first else { return }
      $2[0] = .bytes(Array(bytes.dropLast()))
    },
    Fault("Garbage", "an answer was none") {
      $2.insert(.bytes(Array(repeating: 0xa5, count: 99)), at: 0)
    },
    Fault("An answer to something else", "an answer was none") {
      $2.insert(.bytes(ScriptedKernel.message(20, [], $1.sequence)), at: 0)
    },
    Fault("An acknowledgement", "an answer was none") {
      $2.insert(.bytes(ScriptedKernel.error(0, $1.sequence)), at: 0)
    },
  ]

  private static let faultsOfDumps = [
    Fault("Silence in the middle", "no answer came within 10 seconds") { $2.removeLast() },
    Fault("An errno in the middle", "Device or resource busy") {
      $2.insert(.bytes(ScriptedKernel.error(16, $1.sequence)), at: 1)
    },
    Fault("An errno at the end", "Cannot allocate memory") {
      $2[$2.count - 1] = .bytes(ScriptedKernel.end($1.sequence, code: 12))
    },
    Fault("A generation at each attempt", "the rules changed again and again") { kernel, _, _ in
      kernel.commit()
    },
    Fault("An interruption that no generation explains", "something was missing") {
      $2 =
        $2.dropLast(2).map(\.interrupted)
        + [.bytes(ScriptedKernel.end($1.sequence)).interrupted]
    },
  ]

  @Test(
    "Is told as what it is, and the next reading heals", arguments: faults,
    [.generation, .tables, .chains, .chain, .rules, .rule] as [ScriptedKernel.Request.Kind])
  func fault(_ fault: Fault, _ kind: ScriptedKernel.Request.Kind) {
    expect(fault, kind)
  }

  @Test(
    "In a dump it is, too", arguments: faultsOfDumps,
    [.tables, .chains, .rules] as [ScriptedKernel.Request.Kind])
  func faultOfDump(_ fault: Fault, _ kind: ScriptedKernel.Request.Kind) {
    expect(fault, kind)
  }

  @Test("A chain that isn't there, though it should be, is no chain without rules")
  func missing() {
    expect(
      Fault("", "something was missing") {
        $2 = [.bytes(ScriptedKernel.error(2, $1.sequence))]
      }, .rules)
  }

  /// Reads with the fault at the first reading, without it, and with it when the rules have changed.
  private func expect(_ fault: Fault, _ kind: ScriptedKernel.Request.Kind) {
    for listens in [false, true] {
      let kernel = ScriptedKernel(announces: listens)
      let source = kernel.makeSource()
      for _ in 0..<2 {
        // Rules are asked for one by one for their counters, of what was read before.
        if kind == .rule { expectTruth(source, kernel) }
        kernel.follow { kernel, request, receptions in
          if request.kind == kind { fault.script(kernel, request, &receptions) }
        }
        if kind != .rule { kernel.commit { $0[0].rules.append(UInt64($0[0].rules.count + 20)) } }
        expectFailure(source, fault.words)
        kernel.follow(nil)
        expectTruth(source, kernel)
        // A list of chains is asked for where it is unknown: after a failure, or where nobody listens.
        kernel.announce(.failure(.overrun))
      }
    }
  }

  @Test("A dump that a transaction interrupts is made again", arguments: [false, true])
  func interruption(listens: Bool) {
    let kernel = ScriptedKernel(announces: listens)
    let source = kernel.makeSource()
    expectTruth(source, kernel)
    kernel.commit()
    kernel.atNext(.rules) { kernel, _, receptions in
      kernel.commit { $0[1].rules = [30, 31] }
      receptions = receptions.dropFirst().map(\.interrupted)
    }
    expectTruth(source, kernel)
  }

  @Test("What is gone without a transaction has everything read again", arguments: [false, true])
  func hiddenChange(listens: Bool) {
    let kernel = ScriptedKernel(announces: listens)
    let source = kernel.makeSource()
    expectTruth(source, kernel)
    kernel.commit(isHidden: true) {
      $0[0].rules = [40]; $0.remove(at: 1)
    }
    expectTruth(source, kernel)
  }

  @Test("An answer that comes late answers nothing else")
  func lateAnswer() {
    let kernel = ScriptedKernel()
    let source = kernel.makeSource()
    expectTruth(source, kernel)
    let late = Mutex<[ScriptedKernel.Reception]>([])
    kernel.atNext(.generation) { _, _, receptions in
      late.withLock { $0 = receptions }
      receptions = []
    }
    #expect(source.mayHaveChanged())
    kernel.commit { $0[2].rules = [50] }
    kernel.atNext(.generation) { _, _, receptions in
      receptions.insert(contentsOf: late.withLock { $0 }, at: 0)
    }
    expectTruth(source, kernel)
  }

  @Test(
    "Announcements that were lost, or that nobody understands, have everything read again",
    arguments: [.failure(.overrun), .bytes([1, 2, 3])] as [ScriptedKernel.Reception])
  func lostAnnouncements(_ reception: ScriptedKernel.Reception) {
    let kernel = ScriptedKernel(announces: true)
    let source = kernel.makeSource()
    expectTruth(source, kernel)
    kernel.commit(isHidden: true) { $0[2].rules = [60] }
    kernel.announce(reception)
    #expect(source.mayHaveChanged())
    expectTruth(source, kernel)
    #expect(!source.mayHaveChanged())
  }

  @Test("A socket that can't listen any more is told as what it is, and another is opened")
  func brokenListener() {
    let kernel = ScriptedKernel(announces: true)
    let source = kernel.makeSource()
    expectTruth(source, kernel)
    kernel.announce(.failure(.refused(SystemError(code: 9))))
    expectFailure(source, "Bad file descriptor")
    expectTruth(source, kernel)
    kernel.commit { $0[1].rules = [70] }
    #expect(source.mayHaveChanged())
    expectTruth(source, kernel)
  }

  // MARK: Readings

  /// Expects that a reading has all rules of the kernel, with their counters.
  private func expectTruth(_ source: NFTSource, _ kernel: ScriptedKernel) {
    let table = try? source.read(.connections).families.first?.result.get().table(.nat)
    let handles = kernel.chains.flatMap(\.rules)
    #expect(table?.content.chains.map { "\($0.name)" } == kernel.chains.map(\.name))
    #expect(table?.handles.map(NFTRuleHandle.rule) == handles)
    #expect(table?.counters.map(\.packets) == handles)
  }

  private func expectFailure(_ source: NFTSource, _ words: String) {
    guard case .failure(let error)? = source.read(.connections).families.first?.result else {
      Issue.record("it succeeds")
      return
    }
    #expect(error.cause.contains(words), "\(error)")
  }
}
