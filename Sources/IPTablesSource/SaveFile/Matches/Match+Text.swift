internal import Netfilter

extension Match {
  /// The match that `text` describes, with the numbers that the kernel would hold; as it stands where
  /// the match, an option or a value is not understood.
  init(_ text: ExtensionText, family: IPFamily) {
    if let known = try? Match.known(text, family) {
      self = known
    } else {
      self = .unrecognised(
        Unrecognised(name: text.name, payload: Array(text.payload), isText: true))
    }
  }

  /// Nil where the match is not known, or an option of it.
  ///
  /// - Throws: ``Malformation`` where the value of a known option is not understood.
  private static func known(
    _ text: ExtensionText, _ family: IPFamily
  ) throws(Malformation) -> Match? {
    let options = text.options
    return switch text.name {
    case "addrtype": try AddressTypeMatch(options).map(Match.addressType)
    case "comment": try soleValue(options, of: "--comment").map(Match.comment)
    case "conntrack":
      try ConnectionTrackingMatch(options, family: family).map(Match.connectionTracking)
    case "state": try ConnectionTrackingMatch(stateAlias: options).map(Match.connectionTracking)
    case "limit": try LimitMatch(options).map(Match.limit)
    case "mark": try MarkMatch(options).map(Match.mark)
    case "multiport": try MultiportMatch(options).map(Match.multiport)
    case "nfacct":
      try soleValue(options, of: "--nfacct-name").map(Match.accounting(objectName:))
    case "recent": try RecentMatch(options, family: family).map(Match.recent)
    case "sctp": try SCTPMatch(options).map(Match.sctp)
    case "statistic": try StatisticMatch(options).map(Match.statistic)
    case "tcp": try TCPMatch(options).map(Match.tcp)
    case "udp": try UDPMatch(options).map(Match.udp)
    default: nil
    }
  }

  private static func soleValue(
    _ options: [ExtensionOption], of name: String
  ) throws(Malformation) -> ByteString? {
    guard let option = options.first, options.count == 1, option.name == name, !option.inverted
    else { return nil }
    return ByteString(bytes: Array(try option.value().bytes))
  }
}
