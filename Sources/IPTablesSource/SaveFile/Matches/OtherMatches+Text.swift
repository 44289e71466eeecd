internal import Netfilter

extension AddressTypeMatch {
  /// Nil where an option or a type is not known.
  init?(_ options: [ExtensionOption]) throws(Malformation) {
    var (source, destination, flags): (UInt16, UInt16, UInt8) = (0, 0, 0)
    for option in options {
      switch option.name {
      case "--src-type":
        guard let types = try option.value().flags(Self.types) else { return nil }
        source = types
        if option.inverted { flags |= 1 }
      case "--dst-type":
        guard let types = try option.value().flags(Self.types) else { return nil }
        destination = types
        if option.inverted { flags |= 2 }
      case "--limit-iface-in": flags |= 4
      case "--limit-iface-out": flags |= 8
      default: return nil
      }
    }
    self.init(source: source, destination: destination, flags: flags)
  }

  private static let types: [String: UInt16] = [
    "UNSPEC": 1 << 0, "UNICAST": 1 << 1, "LOCAL": 1 << 2, "BROADCAST": 1 << 3, "ANYCAST": 1 << 4,
    "MULTICAST": 1 << 5, "BLACKHOLE": 1 << 6, "UNREACHABLE": 1 << 7, "PROHIBIT": 1 << 8,
    "THROW": 1 << 9, "NAT": 1 << 10, "XRESOLVE": 1 << 11,
  ]
}

extension LimitMatch {
  /// Nil where an option or a unit of time is not known.
  init?(_ options: [ExtensionOption]) throws(Malformation) {
    var average = Self.units * 3600 / 3
    var burst: UInt32 = 5
    for option in options {
      switch option.name {
      case "--limit":
        guard let given = try Self.average(option.value()) else { return nil }
        average = given
      case "--limit-burst": burst = try option.value().number()
      default: return nil
      }
    }
    self.init(average: average, burst: burst)
  }

  /// The kernel's unit of time as parts of a second.
  private static let units: UInt32 = 10_000

  /// `3/hour`: the mean time between packets; a unit may be given by its beginning.
  private static func average(_ word: Word) throws(Malformation) -> UInt32? {
    let parts = word.split("/", maxSplits: 1)
    var seconds: UInt32 = 1
    if parts.count == 2 {
      let unit = parts[1].text.lowercased()
      let known = [("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400)] as [(_, UInt32)]
      guard let match = known.first(where: { $0.0.hasPrefix(unit) }), !unit.isEmpty
      else { return nil }
      seconds = match.1
    }
    let rate: UInt32 = try parts[0].number(named: "a rate")
    guard rate > 0, rate <= units * seconds else { throw word.isNot("a rate") }
    return units * seconds / rate
  }
}

extension MarkMatch {
  /// Nil where there is not just one option, or that is not known.
  init?(_ options: [ExtensionOption]) throws(Malformation) {
    guard let option = options.first, options.count == 1, option.name == "--mark"
    else { return nil }
    let (value, mask) = try option.value().markAndMask()
    self.init(value: value, mask: mask ?? .max, inverted: option.inverted)
  }
}

extension RecentMatch {
  /// Nil where one of the options is not known.
  init?(_ options: [ExtensionOption], family: IPFamily) throws(Malformation) {
    var name = ByteString("DEFAULT")
    var (flags, seconds, hitCount): (UInt8, UInt32, UInt32) = (0, 0, 0)
    var (isDestination, inverted) = (false, false)
    var mask = family.fullMask
    for option in options {
      switch option.name {
      case "--seconds": seconds = try option.value().number()
      case "--hitcount": hitCount = try option.value().number()
      case "--name": name = ByteString(bytes: Array(try option.value().bytes))
      case "--mask": mask = try option.value().address(family)
      case "--rsource": isDestination = false
      case "--rdest": isDestination = true
      default:
        guard let flag = Self.flags[option.name] else { return nil }
        flags |= flag
        inverted = inverted || option.inverted
      }
    }
    self.init(
      name: name, flags: flags, seconds: seconds, hitCount: hitCount,
      isDestination: isDestination, mask: mask, inverted: inverted)
  }

  private static let flags: [String: UInt8] = [
    "--rcheck": 1, "--set": 2, "--update": 4, "--remove": 8, "--rttl": 16, "--reap": 32,
  ]
}

extension StatisticMatch {
  /// Nil where an option or the mode is not known, or what the mode needs is not given.
  init?(_ options: [ExtensionOption]) throws(Malformation) {
    var (mode, inverted) = ("", false)
    var probability: UInt32?
    var (every, packet): (UInt32?, UInt32) = (nil, 0)
    for option in options {
      inverted = inverted || option.inverted
      switch option.name {
      case "--mode": mode = try option.value().text
      case "--probability": probability = try Self.probability(option.value())
      case "--every": every = try option.value().number()
      case "--packet": packet = try option.value().number()
      default: return nil
      }
    }
    if mode == "random", let probability {
      self.init(mode: .random(probability: probability), inverted: inverted)
    } else if mode == "nth", let every, every > 0 {
      self.init(mode: .nth(every: every, packet: packet), inverted: inverted)
    } else {
      return nil
    }
  }

  /// A number from 0 to 1 in units of 2^-31.
  private static func probability(_ word: Word) throws(Malformation) -> UInt32 {
    guard let value = Double(word.text), (0...1).contains(value) else {
      throw word.isNot("a probability")
    }
    return UInt32((value * 0x1p31).rounded())
  }
}
