internal import Netfilter

/// A match or target as a saved rule gives it.
struct GivenExtension {
  enum Role: String {
    case match = "-m"
    case jump = "-j"
    case goto = "-g"
  }

  let role: Role
  let name: String
  /// The name byte for byte.
  let text: ArraySlice<UInt8>
  /// How its options are written; nil where they aren't known.
  let form: ExtensionForm?
  var options: [GivenOption] = []

  /// Whether it has such an option; nil where its options aren't known.
  func has(_ option: GivenOption) -> Bool? { form?.has(option.name) }
}

/// An option of a match or target, such as `! --dport 80`, as far as it can be told apart without
/// knowing the extension.
struct GivenOption {
  let name: String
  let isInverted: Bool
  let values: [Word]
  /// Whether it looks like an option; an unknown extension may have other words.
  let isOption: Bool
  /// The positions of its words in the line.
  let words: Range<Int>
}

extension WordCursor {
  /// The option of iptables itself that stands next, behind a `!` or not; nil where none does.
  func peekBuiltInOption() -> BuiltInOption? {
    guard let word = peek() else { return nil }
    return (word.isNegation ? peek(1) : word).flatMap(BuiltInOption.init)
  }

  /// Takes an option of a match or target, and the words up to the next option.
  mutating func takeGivenOption() throws(Malformation) -> GivenOption {
    let start = position
    var isInverted = takeNegation()
    guard let name = next() else { throw Malformation("a '!' with nothing after it") }
    var values: [Word] = []
    let bytes = name.bytes.span
    if bytes.takesText(0..<bytes.count), let value = next() { values.append(value) }
    while let word = peek(), !word.isOption {
      if word.isNegation {
        // iptables 1.4 wrote `--dport ! 80`; today a `!` belongs to the option after it.
        guard values.isEmpty, let value = peek(1), !value.isOption else { break }
        isInverted = takeNegation() != isInverted
      } else {
        position += 1
        values.append(word)
      }
    }
    return GivenOption(
      name: name.text, isInverted: isInverted, values: values, isOption: name.isOption,
      words: start..<position)
  }
}
