import Netfilter

/// What a kernel may hold of an extension, and the options that libxtables 1.8.9 has for it.
struct StructText: Sendable, CustomStringConvertible {
  let name: String
  let revision: UInt8
  let bytes: [UInt8]
  let options: String
  let family: IPFamily

  init(
    _ name: String, _ revision: UInt8, _ bytes: [UInt8], _ options: String = "",
    _ family: IPFamily = .ipv4
  ) {
    self.name = name
    self.revision = revision
    self.bytes = bytes
    self.options = options
    self.family = family
  }

  init(_ name: String, _ revision: UInt8, _ bytes: [UInt8], _ family: IPFamily) {
    self.init(name, revision, bytes, "", family)
  }

  var description: String { "\(name) \(revision)\(options) \(bytes.count) bytes" }

  var matchText: String {
    DecodedRule(matches: [.unrecognised(unrecognised)], target: .none).text(family)
  }

  var targetText: String {
    DecodedRule(matches: [], target: .unrecognised(unrecognised)).text(family)
  }

  private var unrecognised: Unrecognised {
    Unrecognised(name: name, revision: revision, payload: bytes)
  }
}

extension DecodedRule {
  /// The rule in the chain HERE, without the digests of what isn't known.
  func text(_ family: IPFamily) -> String {
    Rule(line: line(family)).text(in: "HERE").replacing(/\ bytes, [0-9a-f]{16}]/, with: " bytes]")
  }
}
