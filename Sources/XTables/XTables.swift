public import Netfilter

/// The extensions of x_tables: how the kernel's struct of a match or a target is written as options.
///
///     let extensions = XTables(sets: names)
///     var line = LineWriter(family: .ipv4)
///     extensions.write(.match, name, revision: 0, info: info, to: &line)
///     // " -m tcp --dport 80"
///
/// An extension is an entry of a table (see ``Extension``), by role, name, revision and family. One that
/// isn't in the table, or whose struct holds what iptables has no option for, is written with its size
/// and a digest: ` -m NAME [unrecognised, 40 bytes, 5f3a9c0d1e2b4f60]`. So different rules have different
/// lines. The digest is 64-bit FNV-1a of the revision, a byte, and of the struct's bytes.
///
/// A value of this type is for one thread: where several share one, they wait for each other at its
/// reference counts.
public struct XTables: Sendable {
  public enum Role: Sendable {
    case match
    case target
  }

  /// The name of the set of ipset that has the index; empty where it isn't known.
  public typealias SetName = @Sendable (UInt16) -> [UInt8]

  private let extensions: [Extension.Key: Extension]
  private let sets: SetName

  /// - Parameter sets: Asked for the sets that the matches `set` and the targets `SET` have by their indices.
  public init(sets: @escaping SetName = { _ in [] }) {
    self.sets = sets
    var extensions: [Extension.Key: Extension] = [:]
    extensions.reserveCapacity(512)
    for entry in Extension.all {
      for revision in entry.revisions {
        for family in entry.family.map({ [$0] }) ?? IPFamily.allCases {
          let name = Array(entry.name.description.utf8)
          guard let key = Extension.Key(name.span, entry.role, revision, family) else { continue }
          extensions[key] = entry
        }
      }
    }
    self.extensions = extensions
  }

  /// Appends ` -m NAME OPTIONS`, or ` -j NAME OPTIONS`.
  ///
  /// Reads within `info` only, however short it is.
  ///
  /// - Parameters:
  ///   - name: The extension's name as the kernel has it, without the zero behind it.
  ///   - info: The extension's struct, of the size that C gives it or rounded up to 8 bytes.
  public func write(
    _ role: Role, _ name: Span<UInt8>, revision: UInt8, info: Span<UInt8>,
    to line: inout LineWriter
  ) {
    let start = line.count
    if let key = Extension.Key(name, role, revision, line.family), let known = extensions[key],
      info.count == known.size || info.count == (known.size + 7) & ~7
    {
      line.option(role == .match ? "-m" : "-j")
      known.write(info, sets: sets, to: &line)
      if !line.hasFailed { return }
      line.rewind(to: start)
    }
    Self.writeUnknown(role, name, revision: revision, info: info, to: &line)
  }

  /// Appends an extension of which nothing is known, whatever its name is.
  public static func writeUnknown(
    _ role: Role, _ name: Span<UInt8>, revision: UInt8, info: Span<UInt8>,
    to line: inout LineWriter
  ) {
    line.option(role == .match ? "-m" : "-j")
    line.word(name)
    if info.isEmpty { return }
    line.append(" [unrecognised, ")
    line.append(number: UInt64(info.count))
    line.append(" bytes, ")
    line.append(hexadecimal: digest(of: info, revision: revision), digits: 16)
    line.append("]")
  }

  private static func digest(of info: Span<UInt8>, revision: UInt8) -> UInt64 {
    let prime: UInt64 = 0x100_0000_01b3
    var digest = (0xcbf2_9ce4_8422_2325 ^ UInt64(revision)) &* prime
    for index in info.indices { digest = (digest ^ UInt64(info[index])) &* prime }
    return digest
  }
}
