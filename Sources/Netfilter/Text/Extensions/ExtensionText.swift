/// iptables-save's options of extensions whose kernel's structs are kept as they are.
enum ExtensionText {
  /// What stands behind the match's name, with a blank before each word.
  ///
  /// Nil where the match or its revision isn't known, or what it holds isn't what iptables writes.
  static func match(_ unrecognised: Unrecognised, family: IPFamily) -> [UInt8]? {
    guard let text = match(unrecognised.name, unrecognised.revision, family),
      let info = StructReader(unrecognised.payload, size: text.size), text.isKnown(info)
    else { return nil }
    var line = RuleLine(family: family)
    text.write(info, &line)
    return line.bytes
  }

  private static func match(_ name: String, _ revision: UInt8, _ family: IPFamily) -> MatchText? {
    switch (name, revision) {
    case ("connlimit", 1): .connectionLimit(family)
    case ("connmark", 1): .connectionMark
    case ("hashlimit", 1): .hashLimit(.revision1)
    case ("hashlimit", 2): .hashLimit(.revision2)
    case ("hashlimit", 3): .hashLimit(.revision3)
    case ("iprange", 1): .addressRange
    case ("owner", 1): .owner
    case ("set", 1), ("set", 2): .set
    case ("set", 3): .setCounters(valueOffset: 8, kindOffset: 0)
    case ("set", 4): .setCounters(valueOffset: 0, kindOffset: 8)
    case ("socket", 1...3): .socket
    case ("string", 1): .string
    case ("tos", 1): .typeOfService
    case ("bpf", 1): .bpf
    case ("cgroup", 1): .controlGroupPath
    case ("cgroup", 2): .controlGroup
    case ("srh", 1): .segmentRoutingPath
    case (_, 0): family == .ipv4 ? plainIPv4(name) : plainIPv6(name)
    default: nil
    }
  }

  private static func plainIPv4(_ name: String) -> MatchText? {
    switch name {
    case "icmp": .icmp
    case "ttl": .timeToLive
    case "ah": .authenticationIPv4
    case "osf": .fingerprint
    case "realm": .realm
    default: plain(name)
    }
  }

  private static func plainIPv6(_ name: String) -> MatchText? {
    switch name {
    case "icmp6": .icmp6
    case "eui64": .interfaceIdentifier
    case "hl": .hopLimit
    case "ipv6header": .extensionHeaders
    case "mh": .mobilityHeader
    case "rt": .routing
    case "srh": .segmentRouting
    case "ah": .authenticationIPv6
    case "frag": .fragmentHeader
    case "hbh": .options("--hbh")
    case "dst": .options("--dst")
    default: plain(name)
    }
  }

  /// Those that have only one revision, the same in both families.
  private static func plain(_ name: String) -> MatchText? {
    switch name {
    case "bpf": .bpfProgram
    case "cgroup": .controlGroupNumber
    case "cluster": .clusterNode
    case "connbytes": .connectionBytes
    case "connlabel": .connectionLabel
    case "cpu": .processor
    case "dccp": .dccp
    case "devgroup": .deviceGroup
    case "dscp": .dscp
    case "ecn": .congestion
    case "esp": .esp
    case "helper": .helper
    case "ipcomp": .compression
    case "ipvs": .virtualServer
    case "length": .length
    case "mac": .mac
    case "physdev": .bridgePort
    case "pkttype": .packetType
    case "policy": .policy
    case "quota": .quota
    case "rateest": .rateEstimate
    case "rpfilter": .reversePath
    case "sctp": .sctp
    case "state": .state
    case "tcpmss": .segmentSize
    case "time": .time
    case "u32": .words
    default: nil
    }
  }
}
