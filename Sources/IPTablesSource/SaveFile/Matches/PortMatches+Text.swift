internal import Netfilter

extension ExtensionOption {
  /// Sets the port range that the option gives; false where it gives none.
  fileprivate func takePort(
    source: inout PortRange, destination: inout PortRange
  ) throws(Malformation) -> Bool {
    switch name {
    case "--sport", "--source-port": source = try value().portRange(inverted: inverted)
    case "--dport", "--destination-port": destination = try value().portRange(inverted: inverted)
    default: return false
    }
    return true
  }
}

extension TCPMatch {
  /// Nil where one of the options is not known.
  init?(_ options: [ExtensionOption]) throws(Malformation) {
    self.init()
    for option in options {
      if try option.takePort(source: &source, destination: &destination) { continue }
      switch option.name {
      case "--tcp-option":
        self.option = try option.value().number()
        optionInverted = option.inverted
      case "--syn" where option.values.isEmpty:
        (flagMask, flagsSet, flagsInverted) = (0x17, 0x02, option.inverted)
      case "--tcp-flags" where option.values.count == 2:
        guard let mask = option.values[0].flags(Self.flags),
          let set = option.values[1].flags(Self.flags)
        else { return nil }
        (flagMask, flagsSet, flagsInverted) = (mask, set, option.inverted)
      default: return nil
      }
    }
  }

  private static let flags: [String: UInt8] = [
    "FIN": 0x01, "SYN": 0x02, "RST": 0x04, "PSH": 0x08, "ACK": 0x10, "URG": 0x20, "ALL": 0x3f,
    "NONE": 0,
  ]
}

extension UDPMatch {
  /// Nil where one of the options is not known.
  init?(_ options: [ExtensionOption]) throws(Malformation) {
    self.init()
    for option in options {
      guard try option.takePort(source: &source, destination: &destination) else { return nil }
    }
  }
}

extension SCTPMatch {
  /// Nil where one of the options is not known, or one is `--chunk-types`.
  init?(_ options: [ExtensionOption]) throws(Malformation) {
    self.init()
    for option in options {
      guard try option.takePort(source: &source, destination: &destination) else { return nil }
    }
  }
}

extension MultiportMatch {
  /// Nil where there is not just one option, or that is not known.
  init?(_ options: [ExtensionOption]) throws(Malformation) {
    guard let option = options.first, options.count == 1 else { return nil }
    let side: Side
    switch option.name {
    case "--sports", "--source-ports": side = .source
    case "--dports", "--destination-ports": side = .destination
    case "--ports": side = .either
    default: return nil
    }
    var ports: [PortRange] = []
    for part in try option.value().split(",") { ports.append(try part.portRange()) }
    self.init(side: side, ports: ports, inverted: option.inverted)
  }
}
