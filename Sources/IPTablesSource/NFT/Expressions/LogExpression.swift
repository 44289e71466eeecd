private import CNFTables
internal import Netfilter

/// A log expression as the NFLOG target that iptables stores in it.
enum LogExpression {
  /// The revision and the struct that x_tables has for the target; nil where the expression names no
  /// group, and so isn't iptables'.
  ///
  /// A prefix may be longer here than in x_tables. Then the struct is too, and ``XTables`` knows it under
  /// revision 1, which x_tables doesn't have.
  /// C counterparts: `enum nft_log_attributes`, `struct xt_nflog_info`.
  static func target(_ data: KernelBytes) -> (revision: UInt8, info: StructBytes)? {
    var group: UInt16?
    var (length, threshold): (UInt32?, UInt16) = (nil, 0)
    var prefix = KernelBytes.empty
    for attribute in NetlinkAttributes(data) {
      switch nft_log_attributes(UInt32(attribute.type)) {
      case NFTA_LOG_GROUP: group = attribute.payload.loadBigEndian(at: 0)
      case NFTA_LOG_SNAPLEN: length = attribute.payload.loadBigEndian(at: 0)
      case NFTA_LOG_QTHRESHOLD: threshold = attribute.payload.loadBigEndian(at: 0) ?? 0
      case NFTA_LOG_PREFIX:
        prefix = attribute.payload.text
      default: break
      }
    }
    guard let group, prefix.count < longPrefixSize else { return nil }
    let isLong = prefix.count >= prefixSize
    var info = StructBytes(capacity: longSize)
    info.append(length ?? 0)
    info.append(group)
    info.append(threshold)
    info.append(UInt32(length == nil ? 0 : copiesLength))
    info.append(prefix)
    info.pad(to: isLong ? longSize : size)
    return (isLong ? 1 : 0, info)
  }

  /// The struct's size, as x_tables pads it.
  private static let size = 80
  /// With the zero that ends it.
  private static let prefixSize = 64
  private static let longSize = 144
  /// `NF_LOG_PREFIXLEN`.
  private static let longPrefixSize = 128
  /// `XT_NFLOG_F_COPY_LEN`.
  private static let copiesLength = 1
}
