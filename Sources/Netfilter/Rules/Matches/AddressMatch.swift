/// `-s` or `-d`: an address under a mask.
public struct AddressMatch: Sendable, Hashable {
  /// The address, with the bits outside ``mask`` cleared.
  public let address: IPAddress
  public let mask: IPAddress
  public let inverted: Bool

  public init(address: IPAddress, mask: IPAddress, inverted: Bool = false) {
    self.address = address.masked(by: mask)
    self.mask = mask
    self.inverted = inverted
  }
}
