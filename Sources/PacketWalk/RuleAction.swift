internal import Netfilter

/// What a rule does with the packets that it matches.
enum RuleAction {
  /// It has no target, or one that changes nothing the walk looks at, such as LOG.
  case none
  case accept
  case drop
  case `return`
  case reject
  /// To a chain of the same table.
  case jump(Int)
  case goto(Int)
  case setMark(UInt32, mask: UInt32)
  case setConnectionMark(UInt32, mask: UInt32)
  case saveMark(packetMask: UInt32, connectionMask: UInt32)
  case restoreMark(packetMask: UInt32, connectionMask: UInt32)
  case forgetMark
  case forgetConnectionMark
  case translateDestination(AddressTranslation)
  case translateNetwork(AddressMatch)
  case redirect(ports: AddressTranslation?)
  case translateSource(AddressTranslation?)
  case untrack
  /// Says how connection tracking is to take the packet.
  case setTemplate
  /// Translates to what the rule's text doesn't show.
  case translateUnknown
  /// A program decides, or a target that isn't known.
  case unknown

  /// - Parameters:
  ///   - elements: Those of the line, where the target stands.
  ///   - chains: The index of a chain by its name.
  init(_ line: Span<UInt8>, _ elements: inout LineElements, chains: (ChainName) -> Int?) {
    guard let target = elements.next(line) else {
      self = .none
      return
    }
    let name = target.name
    if target.kind == .goto {
      self = ChainName(line, name).flatMap(chains).map(RuleAction.goto) ?? .unknown
    } else if let chain = ChainName(line, name).flatMap(chains) {
      self = .jump(chain)
    } else if line.isText("DNAT", name) {
      self =
        AddressTranslation(ofDNAT: &elements, line).map(RuleAction.translateDestination)
        ?? .translateUnknown
    } else {
      self.init(ExtensionOptions(target, line, &elements))
    }
  }

  /// - Parameter target: A target and its options.
  private init(_ target: ExtensionOptions) {
    switch target.name {
    case "ACCEPT": self = .accept
    case "DROP": self = .drop
    case "RETURN": self = .return
    case "REJECT": self = .reject
    case "MARK": self = .marking(target) ?? .forgetMark
    case "HMARK": self = .forgetMark
    case "CONNMARK": self = .connectionMarking(target) ?? .forgetConnectionMark
    case "NETMAP":
      self = target["--to"]?.network.map(RuleAction.translateNetwork) ?? .translateUnknown
    case "REDIRECT": self = .redirect(ports: target["--to-ports"]?.ports)
    case "SNAT": self = .translateSource(target["--to-source"]?.translation)
    case "MASQUERADE": self = .translateSource(nil)
    case "NOTRACK": self = .untrack
    case "CT": self = target["--notrack"] == nil ? .setTemplate : .untrack
    case "SET" where target["--map-mark"] != nil: self = .forgetMark
    case let name: self = Self.passive.contains(name) ? .none : .unknown
    }
  }

  /// Targets that let the packet go on with the next rule, and change nothing that the walk looks at.
  private static let passive: Set<String> = [
    "AUDIT", "CHECKSUM", "CLASSIFY", "CONNSECMARK", "DSCP", "ECN", "HL", "IDLETIMER", "LED", "LOG",
    "NFLOG", "RATEEST", "SECMARK", "SET", "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TRACE", "TTL",
    "ULOG",
  ]

  private static func marking(_ target: ExtensionOptions) -> RuleAction? {
    target["--set-xmark"]?.mark.map { .setMark($0.value, mask: $0.mask) }
  }

  private static func connectionMarking(_ target: ExtensionOptions) -> RuleAction? {
    // A mark that is shifted isn't followed.
    if target["--left-shift-mark"] != nil || target["--right-shift-mark"] != nil {
      return target["--restore-mark"] == nil ? .forgetConnectionMark : .forgetMark
    }
    if let mark = target["--set-xmark"]?.mark {
      return .setConnectionMark(mark.value, mask: mark.mask)
    }
    let packetMask = target["--nfmask"]?.mark?.value
    let connectionMask = target["--ctmask"]?.mark?.value
    if target["--save-mark"] != nil {
      return .saveMark(packetMask: packetMask ?? .max, connectionMask: connectionMask ?? .max)
    }
    if target["--restore-mark"] != nil {
      return .restoreMark(packetMask: packetMask ?? .max, connectionMask: connectionMask ?? .max)
    }
    return nil
  }
}
