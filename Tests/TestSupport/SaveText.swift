/// The text of `iptables-save` as lines and words: an account of rules that shares nothing with the
/// project's parser, to hold against it.
///
/// It is for dumps whose comments hold no ` -j ` of their own, as the fixtures do.
public struct SaveText: Sendable {
  public struct Rule: Sendable {
    /// The rule from `-A` on, without counters.
    public let text: String
    private let words: [Substring]

    fileprivate init(_ text: String) {
      self.text = text
      words = text.split(separator: " ")
    }

    /// The word that follows an option, where that stands the last time.
    public func word(after option: String) -> String? {
      guard let index = words.lastIndex(where: { $0 == option }), index + 1 < words.count else {
        return nil
      }
      return String(words[index + 1])
    }

    /// The chain or the target that the rule leads to.
    public var target: String? { word(after: "-j") ?? word(after: "-g") }

    /// What the comment begins with, up to a space: in kube-proxy's, the service port's name.
    public var commentName: String? { word(after: "--comment")?.filter { $0 != "\"" } }
  }

  public struct Chain: Sendable {
    public let name: String
    /// Whether it has a policy.
    public let isBuiltIn: Bool
    public fileprivate(set) var rules: [Rule] = []
  }

  /// By table, the chains by name.
  public private(set) var tables: [String: [String: Chain]] = [:]

  public init(_ bytes: [UInt8]) {
    var table = ""
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      switch line.first {
      case UInt8(ascii: "*"):
        table = String(decoding: line.dropFirst(), as: UTF8.self)
        tables[table] = [:]
      case UInt8(ascii: ":"):
        let words = String(decoding: line.dropFirst(), as: UTF8.self).split(separator: " ")
        tables[table]?[String(words[0])] = Chain(
          name: String(words[0]), isBuiltIn: words[1] != "-")
      case UInt8(ascii: "["):
        let text = String(decoding: line.drop { $0 != UInt8(ascii: "-") }, as: UTF8.self)
        let rule = Rule(text)
        tables[table]?[rule.word(after: "-A") ?? ""]?.rules.append(rule)
      default:
        break
      }
    }
  }

  /// The rules of a chain; none where it doesn't exist.
  public func rules(_ table: String, _ chain: String) -> [Rule] {
    tables[table]?[chain]?.rules ?? []
  }

  /// The number of rules in all tables.
  public var ruleCount: Int {
    tables.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.rules.count } }
  }
}
