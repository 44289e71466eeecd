/// `-m addrtype`. C counterpart: `struct xt_addrtype_info_v1`.
public struct AddressTypeMatch: Sendable, Hashable {
  /// `XT_ADDRTYPE_*` bits of the source address; 0 where any will do.
  public let source: UInt16
  /// `XT_ADDRTYPE_*` bits of the destination address; 0 where any will do.
  public let destination: UInt16
  /// 1 source inverted, 2 destination inverted, 4 limited to the input interface, 8 to the output.
  public let flags: UInt8

  public init(source: UInt16, destination: UInt16, flags: UInt8) {
    self.source = source
    self.destination = destination
    self.flags = flags
  }
}
