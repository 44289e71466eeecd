private import CIPTables
private import CNFTables
internal import Netfilter
internal import XTables

extension ExpressionWriter {
  /// Takes a verdict, or loads a value.
  ///
  /// C counterparts: `enum nft_immediate_attributes`, `nft_verdict_attributes`.
  @inline(__always)
  mutating func takeImmediate(_ expression: RuleExpression) {
    var register: Register?
    var data = KernelBytes.empty
    for attribute in NetlinkAttributes(expression.data) {
      switch nft_immediate_attributes(UInt32(attribute.type)) {
      case NFTA_IMMEDIATE_DREG: register = Register(attribute.payload)
      case NFTA_IMMEDIATE_DATA: data = attribute.payload
      default: break
      }
    }
    flushContent()
    if let register, let value = RegisterValue(data: data) {
      content = RegisterContent(value: value, in: register, by: expression)
    } else if let verdict = StoredVerdict(data) {
      set(by: expression) { line, _ in verdict.write(to: &line) }
    } else {
      keep(expression)
    }
  }

  /// Takes a match or a target of x_tables.
  ///
  /// - Returns: whether it is the target DNAT.
  ///
  /// C counterparts: `enum nft_match_attributes` and `enum nft_target_attributes`, whose numbers are the
  /// same.
  @inline(__always)
  @discardableResult
  mutating func takeExtension(_ expression: RuleExpression) -> Bool {
    flushContent()
    var (name, info) = (KernelBytes.empty, KernelBytes.empty)
    var revision: UInt32 = 0
    for attribute in NetlinkAttributes(expression.data) {
      switch nft_match_attributes(UInt32(attribute.type)) {
      case NFTA_MATCH_NAME: name = attribute.payload
      case NFTA_MATCH_REV: revision = attribute.payload.loadBigEndian(at: 0) ?? 0
      case NFTA_MATCH_INFO: info = attribute.payload
      default: break
      }
    }
    // A revision has one byte in x_tables.
    let byte = UInt8(truncatingIfNeeded: revision)
    if expression.kind == .match {
      add { $0.write(.match, name, revision: byte, info: info, with: $1) }
      return false
    }
    set(by: expression) { $0.write(.target, name, revision: byte, info: info, with: $1) }
    return name.leadingWord == Self.destinationTranslation
  }

  /// "DNAT" and the zero behind it.
  private static let destinationTranslation: UInt64 = 0x444e_4154_0000_0000

  /// Loads a property of the packet, or sets one: its mark, or that it is traced.
  mutating func takeMeta(_ expression: RuleExpression) {
    if let loaded = RegisterContent(meta: expression) {
      flushContent()
      content = loaded
    } else if let write = targetSetting(expression) {
      let used = content
      content = nil
      set(by: expression, using: used, write)
    } else {
      keep(expression)
    }
  }

  /// Takes `-m limit`. C counterpart: `enum nft_limit_attributes`.
  mutating func takeLimit(_ expression: RuleExpression) {
    flushContent()
    if let limit = StructBytes(limit: expression.data) {
      add { $0.write(.match, "limit", info: limit, with: $1) }
    } else {
      keep(expression)
    }
  }

  /// Takes `-j NFLOG`, or another log that iptables doesn't write.
  mutating func takeLog(_ expression: RuleExpression) {
    guard let (revision, info) = LogExpression.target(expression.data) else {
      return keep(expression)
    }
    flushContent()
    set(by: expression) { $0.write(.target, "NFLOG", revision: revision, info: info, with: $1) }
  }

  /// What writes the target that sets what the register holds; nil where iptables has none.
  private func targetSetting(
    _ expression: RuleExpression
  ) -> ((inout LineWriter, XTables) -> Void)? {
    var key: nft_meta_keys?
    var register: Register?
    for attribute in NetlinkAttributes(expression.data) {
      switch nft_meta_attributes(UInt32(attribute.type)) {
      case NFTA_META_SREG: register = Register(attribute.payload)
      case NFTA_META_KEY: key = attribute.payload.loadBigEndian(at: 0).map { nft_meta_keys($0) }
      default: break
      }
    }
    guard let key, let content, content.register == register, !content.isUsed else { return nil }
    switch (key, content.source) {
    case (NFT_META_NFTRACE, .value(let value)) where !value.isZero && content.bitwise == nil:
      return { line, _ in line.option("-j TRACE") }
    case (NFT_META_MARK, .value(let value)) where value.count == 4 && content.bitwise == nil:
      return {
        $0.write(.target, "MARK", revision: 2, info: StructBytes(mark: value.hostWord), with: $1)
      }
    case (NFT_META_MARK, .meta(let source)) where nft_meta_keys(source) == NFT_META_MARK:
      guard let mask = content.mask, mask.count == 4, let flipped = content.flipped
      else { return nil }
      let info = StructBytes(mark: flipped.hostWord, mask: ~mask.hostWord)
      return { $0.write(.target, "MARK", revision: 2, info: info, with: $1) }
    default: return nil
    }
  }
}

extension StructBytes {
  /// `struct xt_mark_tginfo2`.
  fileprivate init(mark: UInt32, mask: UInt32 = .max) {
    self.init(capacity: 8)
    append(mark)
    append(mask)
  }

  /// `struct xt_rateinfo`. Nil where it limits bytes, or is inverted, or can't be told in the unit that
  /// iptables has.
  fileprivate init?(limit data: KernelBytes) {
    var (rate, unit): (UInt64, UInt64) = (0, 0)
    var (burst, type, flags): (UInt32?, UInt32?, UInt32?) = (0, NFT_LIMIT_PKTS.rawValue, 0)
    for attribute in NetlinkAttributes(data) {
      switch nft_limit_attributes(UInt32(attribute.type)) {
      case NFTA_LIMIT_RATE: rate = attribute.payload.loadBigEndian(at: 0) ?? 0
      case NFTA_LIMIT_UNIT: unit = attribute.payload.loadBigEndian(at: 0) ?? 0
      case NFTA_LIMIT_BURST: burst = attribute.payload.loadBigEndian(at: 0)
      case NFTA_LIMIT_TYPE: type = attribute.payload.loadBigEndian(at: 0)
      case NFTA_LIMIT_FLAGS: flags = attribute.payload.loadBigEndian(at: 0)
      default: break
      }
    }
    let (scaled, isTooLarge) = unit.multipliedReportingOverflow(by: UInt64(XT_LIMIT_SCALE))
    guard rate > 0, !isTooLarge, let average = UInt32(exactly: scaled / rate), let burst,
      type == NFT_LIMIT_PKTS.rawValue, flags == 0
    else { return nil }
    self.init(capacity: 40)
    append(average)
    append(burst)
    pad(to: 40)
  }
}

/// The verdict in an immediate's data.
private struct StoredVerdict {
  private let option: StaticString
  /// The chain's name, where there is one.
  private let chain: KernelBytes?

  /// Nil where iptables has no such target.
  init?(_ data: KernelBytes) {
    guard
      let verdict = NetlinkAttributes(data).first(where: {
        nft_data_attributes(UInt32($0.type)) == NFTA_DATA_VERDICT
      })
    else { return nil }
    var code: Int32?
    var chain: KernelBytes?
    for attribute in NetlinkAttributes(verdict.payload) {
      switch nft_verdict_attributes(UInt32(attribute.type)) {
      case NFTA_VERDICT_CODE: code = attribute.payload.loadBigEndian(at: 0)
      case NFTA_VERDICT_CHAIN: chain = attribute.payload.text
      default: break
      }
    }
    if let chain, chain.count > ChainName.maximumLength { return nil }
    switch (code, chain != nil) {
    case (NF_ACCEPT, false): option = "-j ACCEPT"
    case (NF_DROP, false): option = "-j DROP"
    case (NF_QUEUE, false): option = "-j QUEUE"
    case (NFT_RETURN.rawValue, false): option = "-j RETURN"
    case (NFT_JUMP.rawValue, true): option = "-j"
    case (NFT_GOTO.rawValue, true): option = "-g"
    default: return nil
    }
    self.chain = chain
  }

  func write(to line: inout LineWriter) {
    line.option(option)
    chain?.withSpan { line.word($0) }
  }
}

/// A log expression as the NFLOG target that iptables stores in it.
private enum LogExpression {
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
      case NFTA_LOG_PREFIX: prefix = attribute.payload.text
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
