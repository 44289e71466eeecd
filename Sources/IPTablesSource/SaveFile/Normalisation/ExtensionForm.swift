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
      guard let text = text ?? option.textIfAbsent else { return nil }
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

  /// When an option that is given isn't written.
  enum Omission: Sendable {
    case never
    /// Where the first word of its value is this, and the option isn't inverted.
    case plain(String)
    /// The same, inverted or not.
    case always(String)
  }

  /// What is written where the option isn't given.
  enum Absence: Sendable {
    case nothing
    case text(String)
    /// The extension isn't understood without the option.
    case error
  }

  let spellings: [Spelling]
  var isInvertible = false
  var omitted = Omission.never
  var ifAbsent = Absence.nothing

  /// An option that is written by the first of its names.
  static func option(
    _ name: String, _ aliases: String..., is value: OptionValue, isInvertible: Bool = false,
    omitted omission: Omission = .never, ifAbsent absence: Absence = .nothing
  ) -> OptionForm {
    OptionForm(
      spellings: ([name] + aliases).map { Spelling($0, as: name, value) },
      isInvertible: isInvertible,
      omitted: omission, ifAbsent: absence)
  }

  /// Options without a value, of which only one may be given.
  static func flag(
    _ names: String..., isInvertible: Bool = false, ifAbsent absence: Absence = .nothing
  ) -> OptionForm {
    OptionForm(
      spellings: names.map { Spelling($0, .nothing) }, isInvertible: isInvertible, ifAbsent: absence
    )
  }

  func has(_ name: String) -> Bool { spellings.contains { $0.name == name } }

  /// Nil where the extension isn't understood without the option.
  var textIfAbsent: [UInt8]? {
    switch ifAbsent {
    case .nothing: []
    case .text(let text): Array(" \(text)".utf8)
    case .error: nil
    }
  }

  /// With a blank before each word; nil where the value isn't understood.
  func text(of given: GivenOption, _ family: IPFamily) -> [UInt8]? {
    guard isInvertible || !given.isInverted,
      let spelling = spellings.first(where: { $0.name == given.name }),
      let value = spelling.value.text(given.values, family)
    else { return nil }
    if omits(value, isInverted: given.isInverted) { return [] }
    return Array((given.isInverted ? " ! " : " ").utf8) + spelling.written.utf8 + value
  }

  private func omits(_ value: [UInt8], isInverted: Bool) -> Bool {
    switch omitted {
    case .never: false
    case .plain where isInverted: false
    case .plain(let text), .always(let text):
      value.dropFirst().prefix { $0 != UInt8(ascii: " ") }.elementsEqual(text.utf8)
    }
  }
}
