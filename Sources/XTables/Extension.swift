internal import Netfilter

/// A match or a target, in the revisions whose struct is the same: its size, and what writes it.
///
///     Extension("length", size: 6, Option("--length", .range(.u16(0), .u16(2)), not: .bit(1, at: 4)))
///
/// What a list of options can't say is said by a function. x_tables has matches in small letters and
/// targets in capitals. C counterparts: `struct xtables_match`, `struct xtables_target`.
struct Extension: Sendable {
  typealias Writer = @Sendable (Span<UInt8>, inout LineWriter) -> Void
  typealias SetWriter = @Sendable (Span<UInt8>, XTables.SetName, inout LineWriter) -> Void

  let name: StaticString
  let revisions: ClosedRange<UInt8>
  /// The family that has it; nil where both do.
  let family: IPFamily?
  /// The struct's size in bytes as C has it, without what `XT_ALIGN` adds.
  let size: Int
  private let writeOptions: SetWriter
  /// The name that it has where a bit of the struct is set.
  private var alias: (name: StaticString, bit: UInt8, offset: Int)?

  /// - Parameter write: Asks for the names of sets by their indices.
  init(
    _ name: StaticString, _ revisions: ClosedRange<UInt8> = 0...0, _ family: IPFamily? = nil,
    size: Int,
    sets write: @escaping SetWriter
  ) {
    self.name = name
    self.revisions = revisions
    self.family = family
    self.size = size
    writeOptions = write
  }

  init(
    _ name: StaticString, _ revisions: ClosedRange<UInt8> = 0...0, _ family: IPFamily? = nil,
    size: Int,
    _ write: @escaping Writer
  ) {
    self.init(name, revisions, family, size: size, sets: { info, _, line in write(info, &line) })
  }

  init(
    _ name: StaticString, _ revisions: ClosedRange<UInt8> = 0...0, _ family: IPFamily? = nil,
    size: Int,
    options: [Option]
  ) {
    self.init(name, revisions, family, size: size) { info, line in
      for option in options { option.write(info, to: &line) }
    }
  }

  init(
    _ name: StaticString, _ revisions: ClosedRange<UInt8> = 0...0, _ family: IPFamily? = nil,
    size: Int,
    _ options: Option...
  ) {
    self.init(name, revisions, family, size: size, options: options)
  }

  /// The same, under another name where the bit is set.
  func named(_ name: StaticString, bit: UInt8, at offset: Int) -> Extension {
    var named = self
    named.alias = (name, bit, offset)
    return named
  }

  var role: XTables.Role {
    (name.description.utf8.first ?? 0) < UInt8(ascii: "a") ? .target : .match
  }

  /// Appends the name and the options.
  func write(_ info: Span<UInt8>, sets: XTables.SetName, to line: inout LineWriter) {
    if let alias, info.has(alias.bit, at: alias.offset) {
      line.word(alias.name)
    } else {
      line.word(name)
    }
    writeOptions(info, sets, &line)
  }
}

extension Extension {
  /// The table, made anew each time.
  static var all: [Extension] {
    [
      connections, connectionTargets, contents, groups, hashLimits, headers, headersIPv6,
      headerTargets, logTargets, marks, origins, pathTargets, policies, ports, rates, sctp, sets,
      times, translations,
    ].flatMap { $0 }
  }

  /// Name, role, revision and family, held inline: a table of rules has hundreds of thousands of
  /// extensions.
  struct Key: Hashable {
    private let words: SIMD4<UInt64>

    func hash(into hasher: inout Hasher) { hasher.combine(words.wrappedSum()) }

    /// Nil where the name is longer than any of x_tables.
    init?(_ name: Span<UInt8>, _ role: XTables.Role, _ revision: UInt8, _ family: IPFamily) {
      guard name.count < 29 else { return nil }
      func word(at start: Int) -> UInt64 {
        var word: UInt64 = 0
        var end = min(name.count, start + 8)
        while end > start {
          end -= 1
          word = word << 8 | UInt64(name[end])
        }
        return word
      }
      let kind: UInt64 = (role == .match ? 0 : 2) | (family == .ipv4 ? 0 : 1)
      words = [
        word(at: 0), word(at: 8), word(at: 16), word(at: 24) | UInt64(revision) << 56 | kind << 48,
      ]
    }
  }
}
