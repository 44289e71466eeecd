import FoundationEssentials
import IPTablesSource
public import Netfilter
import Synchronization

/// A real dump of a kube-proxy node, as `Tests/Fixtures/README.md` describes them.
public struct Fixture: Sendable, Hashable {
  /// Such as `legacy-1.28/a-01-baseline.v6.rules`.
  public let name: String

  public init(_ name: String) { self.name = name }

  public var path: String { Self.directory + "/" + name }

  public var family: IPFamily { name.hasSuffix(".v6.rules") ? .ipv6 : .ipv4 }

  public var backend: Backend { name.hasPrefix("nft") ? .nft : .legacy }

  /// The file's bytes.
  public func bytes() throws -> [UInt8] {
    guard let contents = FileManager.default.contents(atPath: path) else {
      throw MissingFixture(path: path)
    }
    return Array(contents)
  }

  /// What ``parsed()`` returns, which is the same object for all who ask: a debug build takes seconds for
  /// the large files.
  public func snapshot() throws -> FamilySnapshot {
    if let known = Self.snapshots.withLock({ $0[name] }) { return known }
    let snapshot = try parsed()
    Self.snapshots.withLock { $0[name] = snapshot }
    return snapshot
  }

  private static let snapshots = Mutex<[String: FamilySnapshot]>([:])

  /// The file as `SaveFileParser` reads it: one snapshot, for a file is of one family. Equal to every other
  /// one, and another object.
  public func parsed() throws -> FamilySnapshot {
    let snapshots = try SaveFileParser.parse(bytes())
    guard let snapshot = snapshots.first, snapshots.count == 1 else {
      throw MissingFixture(path: path)
    }
    return snapshot
  }

  /// All dumps, sorted by name.
  public static let all: [Fixture] = {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return versions.sorted().flatMap { version in
      let path = directory + "/" + version
      let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      return files.filter { $0.hasSuffix(".rules") }.sorted().map { Fixture(version + "/" + $0) }
    }
  }()

  /// The dumps of `iptables-legacy`.
  public static let legacy = all.filter { $0.backend == .legacy }

  /// The dumps of `iptables-nft`.
  public static let nft = all.filter { $0.backend == .nft }

  private static let directory: String = {
    let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return here.dropLast(2).joined(separator: "/") + "/Fixtures"
  }()
}

extension Fixture: CustomStringConvertible {
  public var description: String { name }
}

/// A fixture isn't there, or isn't what its name says.
public struct MissingFixture: Error {
  public let path: String
}
