private import CIPTables
private import CNFTables
internal import Netfilter

extension RuleBuilder {
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
    } else if let target = Target(verdict: data) {
      set(target, by: expression)
    } else {
      keep(expression)
    }
  }

  /// Takes a match of x_tables. C counterpart: `enum nft_match_attributes`.
  @inline(__always)
  mutating func takeMatch(_ expression: RuleExpression) {
    flushContent()
    let stored = StoredExtension(expression.data)
    add(
      MatchDecoder(family: family)
        .match(stored.name, revision: stored.revision, payload: stored.payload))
  }

  /// Takes a target of x_tables. C counterpart: `enum nft_target_attributes`.
  @inline(__always)
  mutating func takeTarget(_ expression: RuleExpression) {
    flushContent()
    let stored = StoredExtension(expression.data)
    set(
      TargetDecoder(family: family)
        .target(stored.name, revision: stored.revision, payload: stored.payload),
      by: expression)
  }

  /// Loads a property of the packet, or sets one: its mark, or that it is traced.
  mutating func takeMeta(_ expression: RuleExpression) {
    if let loaded = RegisterContent(meta: expression) {
      flushContent()
      content = loaded
    } else if let target = targetSetting(expression) {
      let used = content
      content = nil
      set(target, by: expression, using: used)
    } else {
      keep(expression)
    }
  }

  /// Takes `-m limit`. C counterpart: `enum nft_limit_attributes`.
  mutating func takeLimit(_ expression: RuleExpression) {
    flushContent()
    if let match = LimitMatch(expression: expression.data) {
      add(.limit(match))
    } else {
      keep(expression)
    }
  }

  /// Takes `-j NFLOG`, or another log that iptables doesn't write.
  mutating func takeLog(_ expression: RuleExpression) {
    guard let target = LogExpression.target(expression.data) else { return keep(expression) }
    flushContent()
    set(.unrecognised(target), by: expression)
  }

  /// The target that sets what the register holds; nil where iptables has none.
  private func targetSetting(_ expression: RuleExpression) -> Target? {
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
      return .unrecognised(Unrecognised(name: "TRACE", payload: []))
    case (NFT_META_MARK, .value(let value)) where value.count == 4 && content.bitwise == nil:
      return .mark(value: value.hostWord, mask: .max)
    case (NFT_META_MARK, .meta(let source)) where nft_meta_keys(source) == NFT_META_MARK:
      guard let mask = content.mask, mask.count == 4, let flipped = content.flipped
      else { return nil }
      return .mark(value: flipped.hostWord, mask: ~mask.hostWord)
    default: return nil
    }
  }
}

extension LimitMatch {
  /// Nil where it limits bytes, or is inverted, or can't be told in the unit that iptables has.
  fileprivate init?(expression data: KernelBytes) {
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
    self.init(average: average, burst: burst)
  }
}

extension Target {
  /// The verdict in an immediate's data; nil where iptables has no such target.
  fileprivate init?(verdict data: KernelBytes) {
    guard
      let verdict = NetlinkAttributes(data).first(where: {
        nft_data_attributes(UInt32($0.type)) == NFTA_DATA_VERDICT
      })
    else { return nil }
    var code: Int32?
    var chain: ChainName?
    for attribute in NetlinkAttributes(verdict.payload) {
      switch nft_verdict_attributes(UInt32(attribute.type)) {
      case NFTA_VERDICT_CODE: code = attribute.payload.loadBigEndian(at: 0)
      case NFTA_VERDICT_CHAIN: chain = attribute.payload.chainName
      default: break
      }
    }
    switch (code, chain) {
    case (NF_ACCEPT, nil): self = .verdict(.accept)
    case (NF_DROP, nil): self = .verdict(.drop)
    case (NF_QUEUE, nil): self = .verdict(.queue)
    case (NFT_RETURN.rawValue, nil): self = .verdict(.return)
    case (NFT_JUMP.rawValue, let chain?): self = .jump(chain)
    case (NFT_GOTO.rawValue, let chain?): self = .goto(chain)
    default: return nil
    }
  }
}
