/// A match or target as it stands in a saved rule: its name, and its options as far as they can be
/// told apart without knowing it.
struct ExtensionText {
  let name: String
  let options: [ExtensionOption]
  /// The options' text as it stands in the line.
  let payload: ArraySlice<UInt8>

  /// The same with more options, which stood elsewhere in the line.
  func adding(_ other: ExtensionText) -> ExtensionText {
    let space = payload.isEmpty ? [] : [UInt8(ascii: " ")]
    return ExtensionText(
      name: name, options: options + other.options, payload: payload + space + other.payload)
  }
}

/// An option of a match or target, such as `! --dport 80`.
struct ExtensionOption {
  let name: String
  let inverted: Bool
  let values: [Word]

  /// The option's only value.
  func value() throws(Malformation) -> Word {
    guard let value = values.first, values.count == 1 else {
      throw Malformation("\(name) wants one value, and has \(values.count)")
    }
    return value
  }
}

extension WordCursor {
  /// Takes the options of a match or target, up to the next option of iptables itself.
  mutating func takeExtension(named name: String, of line: ArraySlice<UInt8>) -> ExtensionText {
    let first = position
    var options: [ExtensionOption] = []
    while !isAtEnd, !isAtBuiltInOption { options.append(takeOption()) }
    guard position > first else { return ExtensionText(name: name, options: [], payload: []) }
    let range = words[first].range.lowerBound..<words[position - 1].range.upperBound
    return ExtensionText(name: name, options: options, payload: line[range])
  }

  private var isAtBuiltInOption: Bool {
    guard let word = peek() else { return false }
    return (word.isNegation ? peek(1) : word).flatMap(BuiltInOption.init) != nil
  }

  private mutating func takeOption() -> ExtensionOption {
    var inverted = takeNegation()
    let name = next()?.text ?? ""
    var values: [Word] = []
    if Self.takesAnyText.contains(name), let value = next() {
      return ExtensionOption(name: name, inverted: inverted, values: [value])
    }
    while let word = peek(), !word.isOption {
      if word.isNegation {
        // iptables 1.4 wrote `--dport ! 80`; today a `!` belongs to the option after it.
        guard values.isEmpty, let value = peek(1), !value.isOption else { break }
        inverted = takeNegation() != inverted
      } else {
        position += 1
        values.append(word)
      }
    }
    return ExtensionOption(name: name, inverted: inverted, values: values)
  }

  /// The options whose value may begin with a dash, and is not quoted for it.
  private static let takesAnyText: Set<String> = [
    "--comment", "--name", "--nfacct-name", "--log-prefix", "--nflog-prefix", "--ulog-prefix",
    "--string", "--helper", "--hashlimit-name", "--id",
  ]
}
