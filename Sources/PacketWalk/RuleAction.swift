internal import Netfilter

/// What a rule does with the packets that it matches.
enum RuleAction {
  typealias Change = @Sendable (inout WalkState, RuleAddress, PacketHook) -> Void

  /// Changes the packet, which then goes on with the next rule.
  case change(Change)
  /// Changes the packet, which then leaves the table, accepted.
  case accept(Change)
  case drop
  case `return`
  case reject
  /// To a chain of the same table.
  case jump(Int)
  case goto(Int)
  /// Translates to what the rule's text doesn't show.
  case translateUnknown
  /// A program decides, or a target that isn't known.
  case unknown

  /// - Parameters:
  ///   - elements: Those of the line, where the target stands.
  ///   - chains: The index of a chain by its name.
  init(_ line: Span<UInt8>, _ elements: inout LineElements, chains: (ChainName) -> Int?) {
    guard let target = elements.next(line) else {
      self = .change(Self.nothing)
      return
    }
    let name = target.name
    if target.kind == .goto {
      self = ChainName(line, name).flatMap(chains).map(RuleAction.goto) ?? .unknown
    } else if let chain = ChainName(line, name).flatMap(chains) {
      self = .jump(chain)
    } else if line.isText("DNAT", name) {
      let range = AddressTranslation(ofDNAT: &elements, line)
      self =
        range.map { range in .accept { state, rule, _ in state.translateDestination(range, rule) } }
        ?? .translateUnknown
    } else {
      self.init(ExtensionOptions(target, line, &elements))
    }
  }

  /// - Parameter target: A target and its options.
  private init(_ target: ExtensionOptions) {
    switch target.name {
    case "ACCEPT": self = .accept(Self.nothing)
    case "DROP": self = .drop
    case "RETURN": self = .return
    case "REJECT": self = .reject
    case "MARK": self = .change(Self.marking(target))
    case "HMARK": self = .change(Self.forgettingMark)
    case "CONNMARK": self = .change(Self.connectionMarking(target))
    case "NETMAP":
      let network = target["--to"]?.network
      self =
        network.map { network in
          .accept { state, rule, hook in state.translate(network, rule, hook) }
        } ?? .translateUnknown
    case "REDIRECT":
      let ports = target["--to-ports"]?.ports
      self = .accept { state, rule, hook in state.redirect(to: ports, rule, hook) }
    case "SNAT", "MASQUERADE":
      let range = target["--to-source"]?.translation
      self = .accept { state, rule, _ in state.translateSource(range, rule) }
    case "CT" where target["--notrack"] == nil:
      self = .change { state, _, _ in state.setTemplate() }
    case "NOTRACK", "CT": self = .change { state, rule, _ in state.untrack(rule) }
    case "SET" where target["--map-mark"] != nil: self = .change(Self.forgettingMark)
    case let name: self = Self.passive.contains(name) ? .change(Self.nothing) : .unknown
    }
  }

  /// Targets that let the packet go on with the next rule, and change nothing that the walk looks at.
  private static let passive: Set<String> = [
    "AUDIT", "CHECKSUM", "CLASSIFY", "CONNSECMARK", "DSCP", "ECN", "HL", "IDLETIMER", "LED", "LOG",
    "NFLOG", "RATEEST", "SECMARK", "SET", "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TRACE", "TTL",
    "ULOG",
  ]

  private static let nothing: Change = { _, _, _ in }

  private static let forgettingMark: Change = { state, _, _ in state.mark = .unknown }

  private static func marking(_ target: ExtensionOptions) -> Change {
    guard let mark = target["--set-xmark"]?.mark else { return forgettingMark }
    return { state, _, _ in
      state.mark = state.mark.replacing(mark.mask, by: Mark(value: mark.value))
    }
  }

  private static func connectionMarking(_ target: ExtensionOptions) -> Change {
    // A mark that is shifted isn't followed.
    let isShifted = target["--left-shift-mark"] != nil || target["--right-shift-mark"] != nil
    let isRestored = target["--restore-mark"] != nil
    let isSaved = !isShifted && target["--save-mark"] != nil
    let mark = isShifted ? nil : target["--set-xmark"]?.mark
    let packetMask = target["--nfmask"]?.mark?.value ?? .max
    let connectionMask = target["--ctmask"]?.mark?.value ?? .max
    return { state, _, _ in
      guard state.hasConnection else { return }
      if isRestored {
        state.mark =
          isShifted
          ? .unknown : state.mark.replacing(packetMask, by: state.connectionMark, connectionMask)
      } else if isSaved {
        state.connectionMark = state.connectionMark.replacing(
          connectionMask, by: state.mark, packetMask)
      } else if let mark {
        state.connectionMark = state.connectionMark.replacing(
          mark.mask, by: Mark(value: mark.value))
      } else {
        state.connectionMark = .unknown
      }
    }
  }
}
