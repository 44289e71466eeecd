public import Netfilter

/// Where connections come from: the kernel, or in tests a list.
public protocol ConnectionSource: AnyObject {
  /// Calls `body` with each connection of a family whose destination was translated, in any order.
  ///
  /// - Returns: False where the kernel would have to load a module for the answer, or may have to.
  func forEachTranslated(
    _ family: IPFamily, _ body: (TranslatedConnection) -> Void
  ) throws(ReadingError) -> Bool

  /// The node's own addresses, which may have NodePorts.
  func localAddresses() -> Set<IPAddress>
}

extension ConntrackReader: ConnectionSource {
  public func localAddresses() -> Set<IPAddress> { Set(NodeNetwork.addresses) }
}
