extension AddressMatch {
  func encode(into writer: inout ByteWriter) {
    writer.write(address)
    writer.write(mask)
    writer.write(inverted)
  }

  init(from reader: inout ByteReader) {
    self.init(address: reader.address(), mask: reader.address(), inverted: reader.flag())
  }
}

extension InterfaceMatch {
  func encode(into writer: inout ByteWriter) {
    writer.write(name)
    writer.write(isPrefix)
    writer.write(inverted)
  }

  init(from reader: inout ByteReader) {
    self.init(name: reader.comment(), isPrefix: reader.flag(), inverted: reader.flag())
  }
}

extension AddressTypeMatch {
  func encode(into writer: inout ByteWriter) {
    writer.write(source)
    writer.write(destination)
    writer.write(flags)
  }

  init(from reader: inout ByteReader) {
    self.init(source: reader.integer(), destination: reader.integer(), flags: reader.byte())
  }
}

extension ConnectionTrackingMatch {
  func encode(into writer: inout ByteWriter) {
    writer.write(matchFlags)
    writer.write(invertFlags)
    writer.write(states)
    writer.write(statuses)
    writer.write(others)
  }

  init(from reader: inout ByteReader) {
    self.init(
      matchFlags: reader.integer(), invertFlags: reader.integer(), states: reader.integer(),
      statuses: reader.integer(), others: reader.blob())
  }
}

extension MultiportMatch {
  func encode(into writer: inout ByteWriter) {
    writer.write(side.rawValue)
    writer.write(inverted)
    writer.write(UInt64(ports.count))
    for range in ports { writer.write(range) }
  }

  init(from reader: inout ByteReader) {
    let side = Side(rawValue: reader.byte()) ?? .either
    let inverted = reader.flag()
    let count: Int = reader.integer()
    var ports: [PortRange] = []
    for _ in 0..<count { ports.append(reader.ports()) }
    self.init(side: side, ports: ports, inverted: inverted)
  }
}

extension RecentMatch {
  func encode(into writer: inout ByteWriter) {
    writer.write(name)
    writer.write(flags)
    writer.write(seconds)
    writer.write(hitCount)
    writer.write(isDestination)
    writer.write(mask)
    writer.write(inverted)
  }

  init(from reader: inout ByteReader) {
    self.init(
      name: reader.comment(), flags: reader.byte(), seconds: reader.integer(),
      hitCount: reader.integer(), isDestination: reader.flag(), mask: reader.address(),
      inverted: reader.flag())
  }
}

extension StatisticMatch {
  func encode(into writer: inout ByteWriter) {
    writer.write(inverted)
    switch mode {
    case .random(let probability):
      writer.write(true)
      writer.write(probability)
    case .nth(let every, let packet):
      writer.write(false)
      writer.write(every)
      writer.write(packet)
    }
  }

  init(from reader: inout ByteReader) {
    let inverted = reader.flag()
    let mode: Mode =
      reader.flag()
      ? .random(probability: reader.integer())
      : .nth(every: reader.integer(), packet: reader.integer())
    self.init(mode: mode, inverted: inverted)
  }
}

extension TCPMatch {
  func encode(into writer: inout ByteWriter) {
    writer.write(source)
    writer.write(destination)
    writer.write(option)
    writer.write(flagMask)
    writer.write(flagsSet)
    writer.write(optionInverted)
    writer.write(flagsInverted)
  }

  init(from reader: inout ByteReader) {
    self.init(source: reader.ports(), destination: reader.ports())
    option = reader.byte()
    flagMask = reader.byte()
    flagsSet = reader.byte()
    optionInverted = reader.flag()
    flagsInverted = reader.flag()
  }
}
