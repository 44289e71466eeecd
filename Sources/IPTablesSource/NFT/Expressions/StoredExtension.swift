private import CNFTables

/// A match or target of x_tables as nf_tables stores it: name, revision, and the extension's own
/// struct.
struct StoredExtension {
  private(set) var name = ""
  private(set) var revision: UInt8 = 0
  private(set) var payload: KernelBytes?

  /// C counterparts: `enum nft_match_attributes` and `enum nft_target_attributes`, whose numbers are
  /// the same.
  init(_ data: KernelBytes) {
    for attribute in NetlinkAttributes(data) {
      switch nft_match_attributes(UInt32(attribute.type)) {
      case NFTA_MATCH_NAME: name = attribute.payload.string
      case NFTA_MATCH_REV: setRevision(attribute.payload)
      case NFTA_MATCH_INFO: payload = attribute.payload
      default: break
      }
    }
  }

  /// Both have one byte in x_tables.
  private mutating func setRevision(_ bytes: KernelBytes) {
    revision = UInt8(truncatingIfNeeded: bytes.loadBigEndian(UInt32.self, at: 0) ?? 0)
  }
}
