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
}
