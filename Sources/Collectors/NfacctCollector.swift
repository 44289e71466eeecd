internal import Exposition
internal import IPTablesSource
internal import Netfilter
internal import Tracking

extension Collector {
  package static let nfacct = Collector(
    name: "nfacct", help: "Collect the packets that nfacct's objects have counted.",
    counters: .accounts,
    isComplete: { if case .failed = $0.source.accounts { false } else { true } },
    sharedParts: NfacctCollector.sharedParts)
}

/// `nfacct`: what the objects have counted that rules with the match `nfacct` count in.
///
/// kube-proxy has had two since 1.31. They show what its nftables mode does not do: they count packets to
/// NodePorts at 127.0.0.1, and packets that it drops because conntrack finds them invalid.
private enum NfacctCollector {
  static func sharedParts(of state: RulesetState) -> [Part] {
    guard case .read(let accounts) = state.source.accounts else { return [] }
    let part = Part(.accounts, from: [state.reading]) { writer in
      writer.counter(
        "iptables_nfacct_packets_total",
        "Packets that the nfacct object of that name has counted, for all rules that count in it. At "
          + "most 1000 objects, those that were made first."
      ) { samples in
        for (name, packets) in Self.sums(accounts) {
          samples.sample(LabelSet(["name": name]), packets)
        }
      }
    }
    return [part]
  }

  /// The packets by name, sorted. Names that are the same once they are text are one series.
  private static func sums(_ accounts: [PacketAccount]) -> [(key: String, value: UInt64)] {
    let packets = accounts.map { ($0.name.text, $0.packets) }
    return Dictionary(packets, uniquingKeysWith: &+).sorted { $0.key < $1.key }
  }
}
