private import CNFTables

/// A log expression as the NFLOG target that iptables stores in it.
enum LogExpression {
  /// What x_tables has for the target; nil where the expression names no group, and so isn't
  /// iptables', or has a longer prefix than x_tables.
  ///
  /// C counterparts: `enum nft_log_attributes`, `struct xt_nflog_info`.
  static func payload(_ data: KernelBytes) -> [UInt8]? {
    var group: UInt16?
    var (length, threshold): (UInt32?, UInt16) = (nil, 0)
    var prefix: [UInt8] = []
    for attribute in NetlinkAttributes(data) {
      switch nft_log_attributes(UInt32(attribute.type)) {
      case NFTA_LOG_GROUP: group = attribute.payload.loadBigEndian(at: 0)
      case NFTA_LOG_SNAPLEN: length = attribute.payload.loadBigEndian(at: 0)
      case NFTA_LOG_QTHRESHOLD: threshold = attribute.payload.loadBigEndian(at: 0) ?? 0
      case NFTA_LOG_PREFIX:
        prefix = attribute.payload.text(at: 0, size: attribute.payload.count) ?? []
      default: break
      }
    }
    guard let group, prefix.count < prefixSize else { return nil }
    var payload: [UInt8] = []
    append(length ?? 0, to: &payload)
    append(group, to: &payload)
    append(threshold, to: &payload)
    append(UInt16(length == nil ? 0 : copiesLength), to: &payload)
    append(UInt16(0), to: &payload)
    payload += prefix
    return payload + Array(repeating: 0, count: size - payload.count)
  }

  private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    unsafe withUnsafeBytes(of: value) { unsafe bytes.append(contentsOf: $0) }
  }

  /// The struct's size, as x_tables pads it.
  private static let size = 80
  /// With the zero that ends it.
  private static let prefixSize = 64
  /// `XT_NFLOG_F_COPY_LEN`.
  private static let copiesLength = 1
}
