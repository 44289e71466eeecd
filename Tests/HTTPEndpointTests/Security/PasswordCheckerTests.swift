import Testing
import WebConfiguration

@testable import HTTPEndpoint

@Suite struct PasswordCheckerTests {
  /// Without pauses, which would hide the rest.
  private var limits: PasswordChecker.Limits {
    var limits = PasswordChecker.Limits()
    limits.firstPause = .zero
    return limits
  }

  private func users(cost: String = "04") throws -> [String: BcryptHash] {
    ["alice": try Users.hash(of: "wonder", cost: cost), "bob": try Users.hash(of: "builder")]
  }

  private func credentials(_ user: String, _ password: String) -> BasicCredentials {
    BasicCredentials(user: user, password: Array(password.utf8))
  }

  @Test(arguments: [
    ("alice", "wonder", true), ("bob", "builder", true), ("alice", "builder", false),
    ("alice", "", false), ("Alice", "wonder", false), ("eve", "wonder", false),
    ("eve", "builder", false), ("", "", false),
  ])
  func `a password is right for its user only, and checked once`(
    user: String, password: String, isRight: Bool
  ) async throws {
    let checker = PasswordChecker()
    let users = try users()
    for _ in 1...3 {
      let outcome = await checker.check(
        credentials(user, password), against: users, from: "192.0.2.1")
      #expect(outcome == (isRight ? .accepted : .rejected))
      // An unknown user costs what a known one does.
      #expect(await checker.checkCount == 1)
    }
  }

  @Test func `a changed hash, a removed user and a new user are seen`() async throws {
    let checker = PasswordChecker(limits: limits)
    let users = try users()
    let wonder = credentials("alice", "wonder")
    #expect(await checker.check(wonder, against: users, from: "") == .accepted)
    let changed = ["alice": try Users.hash(of: "land")]
    #expect(await checker.check(wonder, against: changed, from: "") == .rejected)
    let others = ["bob": try #require(users["bob"])]
    #expect(await checker.check(wonder, against: others, from: "") == .rejected)
    #expect(await checker.check(wonder, against: [:], from: "") == .rejected)
    #expect(await checker.check(wonder, against: users, from: "") == .accepted)
    // One who was unknown may get the very hash that stood in.
    let eve = credentials("eve", "wonder")
    let alone = ["alice": try #require(users["alice"])]
    #expect(await checker.check(eve, against: alone, from: "") == .rejected)
    let both = ["eve": try #require(users["alice"])]
    #expect(await checker.check(eve, against: both, from: "") == .accepted)
  }

  @Test func `a hundred wrong passwords at once cost a few checks`() async throws {
    let checker = PasswordChecker()
    let users = try users(cost: "08")
    let outcomes = await withTaskGroup { group in
      for number in 1...100 {
        group.addTask {
          await checker.check(credentials("alice", "\(number)"), against: users, from: "192.0.2.1")
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count == 100)
    #expect(!outcomes.contains(.accepted))
    #expect(outcomes.contains(.rejected) && outcomes.contains(.busy))
    #expect(await checker.checkCount <= 4)
  }

  @Test func `who was wrong has to wait, and others have not`() async throws {
    let checker = PasswordChecker()
    let users = try users()
    let outcomes = ["192.0.2.1": PasswordChecker.Outcome.busy, "192.0.2.2": .accepted]
    let wrong = credentials("alice", "x")
    #expect(await checker.check(wrong, against: users, from: "192.0.2.1") == .rejected)
    // What is known already is no burden.
    #expect(await checker.check(wrong, against: users, from: "192.0.2.1") == .rejected)
    for address in outcomes.keys.sorted() {
      let outcome = await checker.check(
        credentials("alice", "wonder"), against: users, from: address)
      #expect(outcome == outcomes[address])
    }
    #expect(await checker.checkCount == 2)
  }

  @Test func `many clients share the room, and one does not take it all`() async throws {
    let checker = PasswordChecker(limits: limits)
    let users = try users(cost: "08")
    let outcomes = await withTaskGroup { group in
      for number in 0..<100 {
        let address = "192.0.2.\(number % 50)"
        group.addTask {
          await checker.check(credentials("alice", "\(number)"), against: users, from: address)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.contains(.busy))
    #expect(await (20...60).contains(checker.checkCount))
  }

  /// With 8 addresses a thread most clients are known to have asked in vain; with a million none is.
  @Test(arguments: ["alice", "nobody"], [8, 1_000_000])
  func `who was never checked gets in while many addresses guess`(
    guessed: String, addresses: Int
  ) async throws {
    // Half of what checks cost, and of the times: it is the same twice as fast.
    var limits = PasswordChecker.Limits()
    limits.savings /= 2
    limits.firstPause /= 2
    limits.patience /= 2
    let checker = PasswordChecker(limits: limits)
    var users = ["alice": try Users.hash(of: "wonder", cost: "07")]
    for number in 1...12 { users["user\(number)"] = try Users.hash(of: "\(number)", cost: "07") }
    let known = users
    await withTaskGroup { group in
      for thread in 0..<40 {
        group.addTask {
          var number = 0
          while !Task.isCancelled {
            number += 1
            let host = number % addresses
            let address = "10.\(thread).\(host / 256 % 256).\(host % 256)"
            _ = await checker.check(
              credentials(number % 2 == 0 ? guessed : "\(number)", "\(thread) \(number)"),
              against: known, from: address)
            try? await Task.sleep(for: .milliseconds(2))
          }
        }
      }
      try? await Task.sleep(for: .seconds(1))
      for number in 1...(addresses == 8 ? 12 : 4) {
        let outcome = await checker.check(
          credentials("user\(number)", "\(number)"), against: known, from: "198.51.100.\(number)")
        #expect(outcome == .accepted)
      }
      group.cancelAll()
    }
  }

  @Test func `no answer tells whether a user exists where there is no room`() async throws {
    var limits = limits
    limits.maxChecks = 0
    limits.patience = .milliseconds(200)
    let checker = PasswordChecker(limits: limits)
    let users = try users(cost: "04")
    for (user, password) in [("alice", "x"), ("alice", "y"), ("nobody", "x"), ("alice", "x")] {
      let start = ContinuousClock.now
      let outcome = await checker.check(
        credentials(user, password), against: users, from: "192.0.2.1")
      #expect(outcome == .busy)
      #expect(.now - start >= limits.patience)
    }
    let start = ContinuousClock.now
    let right = await checker.check(
      credentials("alice", "wonder"), against: users, from: "192.0.2.1")
    #expect(right == .accepted && .now - start < limits.patience)
  }

  @Test func `the same credentials at once are checked once`() async throws {
    let checker = PasswordChecker()
    let users = try users(cost: "08")
    await withTaskGroup { group in
      for _ in 1...50 {
        group.addTask {
          let outcome = await checker.check(
            credentials("alice", "wonder"), against: users, from: "192.0.2.1")
          #expect(outcome == .accepted)
        }
      }
    }
    #expect(await checker.checkCount == 1)
  }

  @Test func `who was let in before does not wait behind wrong passwords`() async throws {
    var limits = limits
    limits.savings = .zero
    limits.processorShare = 0.001
    let checker = PasswordChecker(limits: limits)
    let users = try users(cost: "08")
    let wonder = credentials("alice", "wonder")
    #expect(await checker.check(wonder, against: users, from: "192.0.2.1") == .accepted)
    await withTaskGroup { group in
      for number in 1...20 {
        group.addTask {
          _ = await checker.check(
            credentials("alice", "\(number)"), against: users, from: "192.0.2.\(number)")
        }
      }
      try? await Task.sleep(for: .milliseconds(200))
      let start = ContinuousClock.now
      #expect(await checker.check(wonder, against: users, from: "192.0.2.1") == .accepted)
      #expect(.now - start < .seconds(1))
      // Those that wait end with their requests.
      group.cancelAll()
    }
    #expect(await checker.checkCount <= 3)
  }

  @Test func `wrong passwords take their share of a processor and no more`() async throws {
    var limits = limits
    limits.savings = .zero
    limits.processorShare = 0.2
    let checker = PasswordChecker(limits: limits)
    let users = try users(cost: "08")
    let worker = BcryptWorker()
    let hash = try #require(users["alice"])
    var time = Duration.seconds(1)
    for _ in 1...5 { time = min(time, await worker.check([1], hash).time) }
    let start = ContinuousClock.now
    for number in 1...6 {
      let outcome = await checker.check(
        credentials("alice", "\(number)"), against: users, from: "192.0.2.1")
      #expect(outcome == .rejected)
    }
    // Six checks, the last of which makes nobody wait, at five times their time.
    #expect(.now - start > time * 20)
  }

  @Test func `the oldest results are forgotten`() {
    let maker = PasswordDigest.Maker()
    var digests = PasswordDigestSet(capacity: 3)
    let all = (1...5).compactMap { number in
      try? maker.digest(
        of: credentials("\(number)", ""), hash: Users.hash(of: ""), isKnown: true)
    }
    for digest in all + all.suffix(1) { digests.insert(digest) }
    #expect(all.map(digests.contains) == [false, false, true, true, true])
  }

  @Test func `digests tell apart what could be mistaken for each other`() throws {
    let maker = PasswordDigest.Maker()
    let hash = try Users.hash(of: "")
    let digests: Set<PasswordDigest> = [
      maker.digest(of: credentials("a", "b:c"), hash: hash, isKnown: true),
      maker.digest(of: credentials("a:b", "c"), hash: hash, isKnown: true),
      maker.digest(of: credentials("a", "b:c"), hash: hash, isKnown: false),
      maker.digest(of: credentials("", "1:ab:c"), hash: hash, isKnown: true),
      maker.digest(of: credentials("a", "b:c"), hash: try Users.hash(of: "x"), isKnown: true),
      PasswordDigest.Maker().digest(of: credentials("a", "b:c"), hash: hash, isKnown: true),
    ]
    #expect(digests.count == 6)
  }
}
