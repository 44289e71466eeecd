internal import Netfilter

/// The IP protocols by the names that iptables and `/etc/protocols` give them.
enum ProtocolNames {
  /// The number of a protocol given by name or number; 0 is `all`.
  static func number(of word: Word) throws(Malformation) -> UInt8 {
    let text = word.text.lowercased()
    let known = UInt8(asInC: word.bytes) ?? ProtocolName.number(named: text) ?? others[text]
    if let known { return known }
    throw word.isNot("a protocol")
  }

  /// Names that iptables reads and doesn't write: its own, and those of IANA's list.
  private static let others: [String: UInt8] = [
    "all": 0, "ip": 0, "hopopt": 0, "ipv4": 4, "cbt": 7, "bbn-rcc": 10, "nvp": 11, "argus": 13,
    "emcon": 14, "xnet": 15, "chaos": 16, "mux": 18, "dcn": 19, "prm": 21, "trunk-1": 23,
    "trunk-2": 24, "leaf-1": 25, "leaf-2": 26, "irtp": 28, "netblt": 30, "mfe-nsp": 31,
    "merit-inp": 32, "3pc": 34, "idpr": 35, "tp++": 39, "il": 40, "sdrp": 42, "dsr": 48, "bna": 49,
    "ipv6-crypt": 50, "ipv6-auth": 51, "i-nlsp": 52, "swipe": 53, "narp": 54, "mobile": 55,
    "tlsp": 56, "icmpv6": 58, "icmp6": 58, "cftp": 62, "sat-expak": 64, "kryptolan": 65, "rvd": 66,
    "ippc": 67, "sat-mon": 69, "visa": 70, "ipcv": 71, "cpnx": 72, "cphb": 73, "wsn": 74, "pvp": 75,
    "br-sat-mon": 76, "sun-nd": 77, "wb-mon": 78, "wb-expak": 79, "iso-ip": 80, "secure-vmtp": 82,
    "vines": 83, "ttp": 84, "iptm": 84, "nsfnet-igp": 85, "dgp": 86, "tcf": 87, "ospfigp": 89,
    "sprite-rpc": 90, "larp": 91, "mtp": 92, "micp": 95, "scc-sp": 96, "gmtp": 100, "ifmp": 101,
    "pnni": 102, "aris": 104, "scps": 105, "qnx": 106, "a/n": 107, "snp": 109, "compaq-peer": 110,
    "ipx-in-ip": 111, "carp": 112, "pgm": 113, "ddx": 116, "iatp": 117, "stp": 118, "srp": 119,
    "uti": 120, "smp": 121, "sm": 122, "ptp": 123, "fire": 125, "crtp": 126, "crudp": 127,
    "sscopmce": 128, "iplt": 129, "sps": 130, "pipe": 131, "rsvp-e2e-ignore": 134, "ipv6-mh": 135,
    "mh": 135,
  ]
}
