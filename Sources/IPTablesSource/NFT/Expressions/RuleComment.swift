internal import Netfilter

/// The comment in a rule's user data, where iptables up to 1.8.2 and nft put it: a list of type,
/// length and value, with a byte for either of the first.
///
/// C counterpart: `struct nftnl_udata`, `UDATA_TYPE_COMMENT`.
enum RuleComment {
  /// The comment; nil where there is none.
  static func text(in userData: KernelBytes) -> ByteString? {
    var offset = 0
    while let type = userData.load(UInt8.self, at: offset),
      let length = userData.load(UInt8.self, at: offset + 1).map(Int.init)
    {
      if type == commentType {
        return userData.text(at: offset + 2, size: length).map { ByteString(bytes: $0) }
      }
      offset += 2 + length
    }
    return nil
  }

  private static let commentType: UInt8 = 0
}
