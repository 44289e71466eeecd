/// What a rule does with a packet that it matches.
public indirect enum Target: Sendable, Hashable {
  /// No target: the rule only counts.
  case none
  case jump(ChainName)
  /// `-g`: as a jump, but a return goes to the caller's caller.
  case goto(ChainName)
  case verdict(Verdict)
  case destinationNAT(AddressTranslation)
  case sourceNAT(AddressTranslation)
  case masquerade(AddressTranslation)
  case redirect(AddressTranslation)
  /// `mark = (mark & ~mask) ^ value`, that is `--set-xmark value/mask`.
  case mark(value: UInt32, mask: UInt32)
  /// `REJECT`; the kernel's number of the `--reject-with` kind.
  case reject(with: UInt32)
  case unrecognised(Unrecognised)

  /// Whether it is a `DNAT` of which the reader doesn't know the destination: a revision that isn't
  /// known, or nf_tables' own `dnat to`.
  public var isUnknownDestinationNAT: Bool {
    if case .unrecognised(let target) = self { target.name == "DNAT" } else { false }
  }
}
