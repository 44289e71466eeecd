internal import Netfilter

/// What the rules of one chain are asked about: a packet on its way, where it is, and on which node.
struct MatchContext {
  let state: WalkState
  let hook: PacketHook
  /// By which the packet comes in and goes out, as far as the hook knows them.
  let input: NetworkInterface
  let output: NetworkInterface
  let node: NodeContext
}

/// Whether a rule's conditions hold for a packet.
struct RuleMatch {
  var truth: Truth = .yes
  /// The probability that `-m statistic` lets it match.
  var odds = 1.0

  static let no = RuleMatch(truth: .no)

  /// Evaluates the conditions, in the order of the line, up to the first that doesn't hold.
  ///
  /// - Parameter elements: Is left where the target stands, if the rule matches or may match.
  init(_ line: Span<UInt8>, _ context: MatchContext, _ elements: inout LineElements) {
    while true {
      let start = elements
      guard let element = elements.next(line) else { return }
      switch element.kind {
      case .selector:
        truth = truth && context.matches(selector: element, line)
      case .match:
        let options = ExtensionOptions(element, line, &elements)
        if let share = options.statisticShare {
          odds *= share
        } else {
          truth = truth && options.matches(context)
        }
      case .option: truth = truth && .unknown
      case .target, .goto:
        elements = start
        return
      }
      if truth == .no { return }
    }
  }

  init(truth: Truth) { self.truth = truth }
}

extension MatchContext {
  /// `-s`, `-d`, `-p`, `-i`, `-o`, `-f`.
  fileprivate func matches(selector: LineElement, _ line: Span<UInt8>) -> Truth {
    let holds: Truth =
      switch line[selector.name.upperBound - 1] {
      case UInt8(ascii: "s"): isIn(line, selector.value, state.source)
      case UInt8(ascii: "d"): isIn(line, selector.value, state.destination)
      case UInt8(ascii: "p"): isProtocol(line, selector.value)
      case UInt8(ascii: "i"): input.matches(line.bytes(in: selector.value))
      case UInt8(ascii: "o"): output.matches(line.bytes(in: selector.value))
      // The first packet of a connection that is looked at is no later fragment.
      case UInt8(ascii: "f"): .no
      default: .unknown
      }
    return selector.isInverted ? !holds : holds
  }

  private func isIn(_ line: Span<UInt8>, _ range: Range<Int>, _ address: IPAddress?) -> Truth {
    AddressMatch(line, range, inverted: false).map { $0.contains(address) } ?? .unknown
  }

  private func isProtocol(_ line: Span<UInt8>, _ range: Range<Int>) -> Truth {
    line.protocolNumber(range).map { Truth($0 == 0 || $0 == state.packet.ipProtocol) } ?? .unknown
  }
}

extension AddressMatch {
  /// Whether an address matches; nil is one that isn't known.
  func contains(_ address: IPAddress?) -> Truth {
    if mask.isZero { return .yes }
    return address.map { Truth(matches($0)) } ?? .unknown
  }
}

extension NetworkInterface {
  /// Whether the name matches a pattern, which may end in `+`.
  func matches(_ pattern: [UInt8]) -> Truth {
    let isPrefix = pattern.last == UInt8(ascii: "+")
    let text = isPrefix ? pattern.dropLast() : pattern[...]
    switch self {
    case .unknown: return isPrefix && text.isEmpty ? .yes : .unknown
    case .noneOf(let names):
      if isPrefix { return text.isEmpty ? .yes : .unknown }
      return names.contains(String(decoding: text, as: UTF8.self)) ? .no : .unknown
    case .none: return Truth(isPrefix && text.isEmpty)
    case .named(let name):
      let bytes = Array(name.utf8)
      return Truth(isPrefix ? bytes.starts(with: text) : bytes[...] == text)
    }
  }
}
