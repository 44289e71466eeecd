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
    var attributes = NetlinkAttributes(expression.data)
    let register = Register(attributes.number(of: NFTA_IMMEDIATE_DREG))
    let data = attributes.payload(of: NFTA_IMMEDIATE_DATA)
    flushContent()
    if let register, let value = RegisterValue(data: data) {
      content = RegisterContent(source: .value(value), register: register, load: expression)
    } else if let (option, chain) = Self.target(ofVerdict: data) {
      set(by: expression) { line, _ in
        line.option(option)
        chain?.withSpan { line.word($0) }
      }
    } else {
      keep(expression)
    }
  }

  /// What is written for the verdict in an immediate's data, and the chain's name, where there is one;
  /// nil where iptables has no such target.
  @inline(__always)
  private static func target(
    ofVerdict data: KernelBytes?
  ) -> (option: StaticString, chain: KernelBytes?)? {
    var values = NetlinkAttributes(data)
    var attributes = NetlinkAttributes(values.payload(of: NFTA_DATA_VERDICT))
    let code: Int32? = attributes.number(of: NFTA_VERDICT_CODE)
    let chain = attributes.payload(of: NFTA_VERDICT_CHAIN)?.text
    if let chain, chain.count > ChainName.maximumLength { return nil }
    switch (code, chain != nil) {
    case (NF_ACCEPT, false): return ("-j ACCEPT", nil)
    case (NF_DROP, false): return ("-j DROP", nil)
    case (NF_QUEUE, false): return ("-j QUEUE", nil)
    case (NFT_RETURN.rawValue, false): return ("-j RETURN", nil)
    case (NFT_JUMP.rawValue, true): return ("-j", chain)
    case (NFT_GOTO.rawValue, true): return ("-g", chain)
    default: return nil
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
    var attributes = NetlinkAttributes(expression.data)
    let name = attributes.payload(of: NFTA_MATCH_NAME) ?? .empty
    // A revision has one byte in x_tables.
    let revision = UInt8(truncatingIfNeeded: attributes.number(of: NFTA_MATCH_REV) ?? UInt32(0))
    let info = attributes.payload(of: NFTA_MATCH_INFO) ?? .empty
    if expression.kind == .match {
      add { $0.write(.match, name, revision: revision, info: info, with: $1) }
      return false
    }
    set(by: expression) { $0.write(.target, name, revision: revision, info: info, with: $1) }
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
    guard let (revision, info) = StructBytes.log(expression.data) else { return keep(expression) }
    flushContent()
    set(by: expression) { $0.write(.target, "NFLOG", revision: revision, info: info, with: $1) }
  }

  /// What writes the target that sets what the register holds; nil where iptables has none.
  private func targetSetting(
    _ expression: RuleExpression
  ) -> ((inout LineWriter, XTables) -> Void)? {
    var attributes = NetlinkAttributes(expression.data)
    guard let key: UInt32 = attributes.number(of: NFTA_META_KEY), let content, !content.isUsed,
      content.register == Register(attributes.number(of: NFTA_META_SREG))
    else { return nil }
    switch (nft_meta_keys(key), content.source) {
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
    var attributes = NetlinkAttributes(data)
    let rate = attributes.number(of: NFTA_LIMIT_RATE) ?? UInt64(0)
    let unit = attributes.number(of: NFTA_LIMIT_UNIT) ?? UInt64(0)
    let (scaled, isTooLarge) = unit.multipliedReportingOverflow(by: UInt64(XT_LIMIT_SCALE))
    guard rate > 0, !isTooLarge, let average = UInt32(exactly: scaled / rate),
      let burst: UInt32 = attributes.number(of: NFTA_LIMIT_BURST),
      attributes.number(of: NFTA_LIMIT_TYPE) ?? NFT_LIMIT_PKTS.rawValue == NFT_LIMIT_PKTS.rawValue,
      attributes.number(of: NFTA_LIMIT_FLAGS) ?? UInt32(0) == 0
    else { return nil }
    self.init(capacity: 40)
    append(average)
    append(burst)
    pad(to: 40)
  }

  /// `struct xt_nflog_info`, and its revision; nil where the expression names no group, and so isn't
  /// iptables'.
  ///
  /// A prefix may be longer here than in x_tables. Then the struct is too, and ``XTables`` knows it under
  /// revision 1, which x_tables doesn't have. C counterpart: `enum nft_log_attributes`.
  fileprivate static func log(_ data: KernelBytes) -> (revision: UInt8, info: StructBytes)? {
    var attributes = NetlinkAttributes(data)
    let prefix = attributes.payload(of: NFTA_LOG_PREFIX)?.text ?? .empty
    // `NF_LOG_PREFIXLEN` is 128.
    guard prefix.count < 128, let group: UInt16 = attributes.number(of: NFTA_LOG_GROUP)
    else { return nil }
    let length: UInt32? = attributes.number(of: NFTA_LOG_SNAPLEN)
    var info = StructBytes(capacity: 144)
    info.append(length ?? 0)
    info.append(group)
    info.append(attributes.number(of: NFTA_LOG_QTHRESHOLD) ?? UInt16(0))
    // `XT_NFLOG_F_COPY_LEN` is 1.
    info.append(UInt32(length == nil ? 0 : 1))
    info.append(prefix)
    // x_tables' struct has room for 64 bytes, the zero that ends the prefix among them.
    let isLong = prefix.count >= 64
    info.pad(to: isLong ? 144 : 80)
    return (isLong ? 1 : 0, info)
  }
}
