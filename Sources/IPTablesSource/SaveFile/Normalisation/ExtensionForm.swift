internal import Netfilter

/// How iptables-save writes the options of a match or target.
struct ExtensionForm: Sendable {
  /// The options in iptables-save's order; more than one list where one of the options decides which
  /// others there are.
  private let variants: [[OptionForm]]

  init(_ options: OptionForm...) { variants = [options] }

  init(oneOf first: [OptionForm], _ others: [OptionForm]...) {
    variants = [first] + others
  }

  /// The form of chains and verdicts.
  static let withoutOptions = ExtensionForm()

  func has(_ option: String) -> Bool {
    variants.contains { $0.contains { $0.has(option) } }
  }

  /// The options as iptables-save writes them, with a blank before each word.
  ///
  /// Nil where an option or its value isn't understood, one is given twice, or one is missing.
  func text(of given: [GivenOption], _ family: IPFamily) -> [UInt8]? {
    for options in variants {
      if let text = Self.text(of: given, as: options, family) { return text }
    }
    return nil
  }

  private static func text(
    of given: [GivenOption], as options: [OptionForm], _ family: IPFamily
  ) -> [UInt8]? {
    var texts = [[UInt8]?](repeating: nil, count: options.count)
    for option in given {
      guard let index = options.firstIndex(where: { $0.has(option.name) }), texts[index] == nil,
        let text = options[index].text(of: option, family)
      else { return nil }
      texts[index] = text
    }
    var line: [UInt8] = []
    for (option, text) in zip(options, texts) {
      guard let text = text ?? option.ifAbsent.map({ Array($0.utf8) }) else { return nil }
      line += text
    }
    return line
  }
}

/// How iptables-save writes one option, or several of which only one may be given.
struct OptionForm: Sendable {
  /// An option as it may be given, and as it is written then.
  struct Spelling: Sendable {
    let name: String
    let written: String
    let value: OptionValue

    init(_ name: String, as written: String? = nil, _ value: OptionValue) {
      self.name = name
      self.written = written ?? name
      self.value = value
    }
  }

  let spellings: [Spelling]
  var isInvertible = false
  /// The first word of the value with which an option that is given isn't written.
  var omitted: String?
  /// Whether it isn't written then either where it is inverted.
  var omitsInverted = false
  /// The text for an option that isn't given, behind a blank. Nil if the extension can't be understood without
  /// the option.
  var ifAbsent: String? = ""

  /// An option that is written by the first of its names.
  static func option(
    _ name: String, _ aliases: String..., is value: OptionValue, isInvertible: Bool = false,
    omitted: String? = nil, omitsInverted: Bool = false, ifAbsent absence: String? = ""
  ) -> OptionForm {
    OptionForm(
      spellings: ([name] + aliases).map { Spelling($0, as: name, value) },
      isInvertible: isInvertible, omitted: omitted, omitsInverted: omitsInverted, ifAbsent: absence)
  }

  /// Options without a value, of which only one may be given.
  static func flag(
    _ names: String..., isInvertible: Bool = false, ifAbsent absence: String? = ""
  ) -> OptionForm {
    OptionForm(
      spellings: names.map { Spelling($0, .nothing) }, isInvertible: isInvertible, ifAbsent: absence
    )
  }

  func has(_ name: String) -> Bool { spellings.contains { $0.name == name } }

  /// With a blank before each word; nil where the value isn't understood.
  func text(of given: GivenOption, _ family: IPFamily) -> [UInt8]? {
    guard isInvertible || !given.isInverted,
      let spelling = spellings.first(where: { $0.name == given.name }),
      let value = spelling.value.text(given.values, family)
    else { return nil }
    if let omitted, omitsInverted || !given.isInverted,
      value.dropFirst().prefix(while: { $0 != UInt8(ascii: " ") }).elementsEqual(omitted.utf8)
    {
      return []
    }
    return Array((given.isInverted ? " ! " : " ").utf8) + spelling.written.utf8 + value
  }
}
