import Netfilter
import Platform
import Testing

@testable import IPTablesSource

@Suite("What nf_tables announces is kept until it is taken")
struct NFTAnnouncementTests {
  private static let nat = NFTChanges.Identity(family: .ipv4, table: .nat)
  private static let broken = NFTError.refused(.init(code: 9))

  enum Event: Sendable {
    case rule(String)
    case end(UInt32)
    case failure(NFTError)
    case take(upTo: UInt32)
  }

  /// What there is after some events: whether something is news, whether the fourth generation is still
  /// to come, and which chains changed up to it, or nil where all may have.
  struct Account: Sendable, CustomTestStringConvertible {
    let events: [Event]
    let news: NFTReadingState.News
    let lacks: Bool
    let changes: Set<String>?

    init(
      _ events: [Event], _ news: NFTReadingState.News, lacks: Bool, _ changes: Set<String>?
    ) {
      self.events = events
      self.news = news
      self.lacks = lacks
      self.changes = changes
    }

    var testDescription: String { "\(events)" }
  }

  private static let accounts = [
    Account([], .none, lacks: true, nil),
    Account([.rule("A")], .none, lacks: true, nil),
    Account([.rule("A"), .end(3)], .some, lacks: true, nil),
    Account([.rule("A"), .end(4)], .some, lacks: false, ["A"]),
    Account([.end(4)], .some, lacks: false, []),
    Account([.rule("A"), .end(4), .rule("B")], .some, lacks: false, ["A", "B"]),
    Account([.rule("A"), .end(5), .end(6)], .some, lacks: false, ["A"]),
    // Taken, it is gone; what has begun since is kept.
    Account([.rule("A"), .end(4), .take(upTo: 4)], .none, lacks: false, []),
    Account([.rule("A"), .end(4), .take(upTo: 4), .rule("B")], .none, lacks: false, ["B"]),
    Account([.rule("A"), .end(3), .take(upTo: 4), .end(4)], .some, lacks: false, []),
    // Lost, nothing is waited for, and everything may have changed until that is taken.
    Account([.failure(.overrun)], .some, lacks: false, nil),
    Account([.rule("A"), .end(4), .failure(.malformed)], .some, lacks: false, nil),
    Account([.failure(.overrun), .rule("A"), .end(4)], .some, lacks: false, nil),
    Account([.failure(.overrun), .take(upTo: 4)], .none, lacks: true, nil),
    Account([.failure(.overrun), .take(upTo: 4), .end(4)], .some, lacks: false, []),
    // Broken, it stays.
    Account([.failure(broken)], .broken(broken), lacks: false, nil),
    Account([.failure(.timedOut)], .broken(.timedOut), lacks: false, nil),
    Account([.failure(broken), .take(upTo: 4)], .broken(broken), lacks: false, nil),
    Account([.failure(broken), .failure(.overrun)], .broken(broken), lacks: false, nil),
    Account([.failure(broken), .failure(.malformed)], .broken(broken), lacks: false, nil),
    Account([.failure(.overrun), .failure(broken)], .broken(broken), lacks: false, nil),
    Account([.failure(broken), .rule("A"), .end(4)], .broken(broken), lacks: false, nil),
  ]

  @Test("Events have an account", arguments: accounts)
  func account(_ account: Account) {
    var announcements = NFTAnnouncements()
    for event in account.events { Self.happen(event, to: &announcements) }
    #expect(announcements.news == account.news)
    #expect(announcements.lacks(4) == account.lacks)
    let changes = announcements.takeChanges(upTo: 4)
    #expect(changes.isWhole == (account.changes == nil))
    if let chains = account.changes {
      #expect(Set((changes[Self.nat]?.rules ?? []).map { "\($0)" }) == chains)
    }
  }

  @Test("Numbers of generations wrap around")
  func wrapped() {
    var announcements = NFTAnnouncements()
    Self.happen(.end(.max), to: &announcements)
    #expect(!announcements.lacks(.max) && !announcements.lacks(.max - 1))
    #expect(announcements.lacks(0))
    Self.happen(.end(1), to: &announcements)
    #expect(!announcements.lacks(.max) && !announcements.lacks(0) && announcements.lacks(2))
  }

  @Test("Transactions and overruns are counted, whatever else is known")
  func counts() {
    var announcements = NFTAnnouncements()
    let events: [Event] = [
      .rule("A"), .end(1), .failure(.overrun), .end(2), .failure(Self.broken), .failure(.overrun),
      .failure(.malformed), .end(3),
    ]
    for event in events { Self.happen(event, to: &announcements) }
    #expect(announcements.counts.byProcess == ["": 3] && announcements.counts.overruns == 2)
  }

  private static func happen(_ event: Event, to announcements: inout NFTAnnouncements) {
    switch event {
    case .rule(let chain): note(ScriptedKernel.ruleAnnouncement(chain), &announcements)
    case .end(let number): note(ScriptedKernel.generationAnnouncement(number), &announcements)
    case .failure(let error): announcements.note(error)
    case .take(let number): _ = announcements.takeChanges(upTo: number)
    }
  }

  private static func note(_ bytes: [UInt8], _ announcements: inout NFTAnnouncements) {
    unsafe bytes.withUnsafeBytes { bytes in
      for message in unsafe NetlinkMessages(KernelBytes(bytes)) { announcements.note(message) }
    }
  }
}
