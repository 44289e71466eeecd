/// `-m tcp`. C counterpart: `struct xt_tcp`.
public struct TCPMatch: Sendable, Hashable {
  public var source: PortRange
  public var destination: PortRange
  /// `--tcp-option`: the option's number, 0 where none is asked for.
  public var option: UInt8
  public var optionInverted: Bool
  /// `--tcp-flags`: the flags looked at, and those of them that must be set; both 0 where not given.
  public var flagMask: UInt8
  public var flagsSet: UInt8
  public var flagsInverted: Bool

  public init(
    source: PortRange = .any, destination: PortRange = .any, option: UInt8 = 0,
    optionInverted: Bool = false, flagMask: UInt8 = 0, flagsSet: UInt8 = 0,
    flagsInverted: Bool = false
  ) {
    self.source = source
    self.destination = destination
    self.option = option
    self.optionInverted = optionInverted
    self.flagMask = flagMask
    self.flagsSet = flagsSet
    self.flagsInverted = flagsInverted
  }
}
