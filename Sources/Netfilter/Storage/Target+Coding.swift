extension Target {
  func encode(into writer: inout ByteWriter) {
    writer.write(tag.rawValue)
    switch self {
    case .none: break
    case .jump(let name), .goto(let name): writer.write(name)
    case .verdict(let verdict): writer.write(verdict.rawValue)
    case .destinationNAT(let range), .sourceNAT(let range), .masquerade(let range),
      .redirect(let range):
      range.encode(into: &writer)
    case .mark(let value, let mask):
      writer.write(value)
      writer.write(mask)
    case .reject(let kind): writer.write(kind)
    case .unrecognised(let target): writer.write(target)
    }
  }

  init(from reader: inout ByteReader) {
    switch Tag(rawValue: reader.byte()) ?? .none {
    case .none: self = .none
    case .jump: self = .jump(reader.chainName())
    case .goto: self = .goto(reader.chainName())
    case .verdict: self = .verdict(Verdict(rawValue: reader.byte()) ?? .accept)
    case .destinationNAT: self = .destinationNAT(AddressTranslation(from: &reader))
    case .sourceNAT: self = .sourceNAT(AddressTranslation(from: &reader))
    case .masquerade: self = .masquerade(AddressTranslation(from: &reader))
    case .redirect: self = .redirect(AddressTranslation(from: &reader))
    case .mark: self = .mark(value: reader.integer(), mask: reader.integer())
    case .reject: self = .reject(with: reader.integer())
    case .unrecognised: self = .unrecognised(reader.unrecognised())
    }
  }

  private enum Tag: UInt8 {
    case none, jump, goto, verdict, destinationNAT, sourceNAT, masquerade, redirect, mark
    case reject, unrecognised
  }

  private var tag: Tag {
    switch self {
    case .none: .none
    case .jump: .jump
    case .goto: .goto
    case .verdict: .verdict
    case .destinationNAT: .destinationNAT
    case .sourceNAT: .sourceNAT
    case .masquerade: .masquerade
    case .redirect: .redirect
    case .mark: .mark
    case .reject: .reject
    case .unrecognised: .unrecognised
    }
  }
}

extension AddressTranslation {
  func encode(into writer: inout ByteWriter) {
    writer.write(flags)
    writer.write(first)
    writer.write(last)
    writer.write(firstPort)
    writer.write(lastPort)
    writer.write(basePort)
  }

  init(from reader: inout ByteReader) {
    self.init(
      flags: reader.integer(), first: reader.address(), last: reader.address(),
      firstPort: reader.integer(), lastPort: reader.integer(), basePort: reader.integer())
  }
}

extension ByteReader {
  fileprivate mutating func chainName() -> ChainName {
    // Written from a name, so it is one.
    ChainName(blob()) ?? ""
  }
}
