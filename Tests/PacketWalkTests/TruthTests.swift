import Netfilter
import PacketWalk
import TestSupport
import Testing

/// The walk through real kube-proxies' rules, against what those were told.
@Suite struct TruthTests {
  @Test(arguments: Fixture.all)
  func `pods reach the endpoints of cluster IPs, with equal shares`(_ fixture: Fixture) throws {
    let snapshot = try fixture.snapshot()
    let family = fixture.family
    let truth = try fixture.groundTruth()
    let source = try #require(IPAddress(family == .ipv4 ? "10.244.77.77" : "fd00:10:244::7777"))
    for port in truth.servicePorts {
      guard let address = port.clusterIP(family).flatMap({ IPAddress($0) }),
        let ipProtocol = ProtocolName.number(named: port.transport)
      else { continue }
      let walk = Walk(
        of: Packet(
          source: source, destination: address, ipProtocol: ipProtocol, sourcePort: 40000,
          destinationPort: UInt16(port.port)), from: .outside, through: snapshot, on: NodeContext())
      let isLocal = port.internalTrafficPolicy == "Local" && truth.kubeProxy.minorVersion >= 22
      let endpoints = isLocal ? port.localEndpoints(family) : port.endpointsInUse(family)
      let sent = walk.outcomes.filter { $0.end == .sent && $0.state.destinationRule != nil }
      let reached = Set(sent.map(\.endpoint))
      #expect(reached == endpoints, "\(port.namespace)/\(port.name):\(port.portName)")
      for outcome in sent where outcome.isCertain {
        #expect(abs(outcome.bestOdds * Double(endpoints.count) - 1) < 0.001)
      }
      if endpoints.isEmpty {
        #expect(walk.outcomes.allSatisfy { !$0.end.isDelivered || $0.end == .sent && isLocal })
      }
    }
  }
}

extension Walk.Outcome {
  /// `10.0.0.1:80`, `[fd00::1]:80`.
  fileprivate var endpoint: String {
    let packet = state.packet
    let address = packet.family == .ipv4 ? "\(packet.destination)" : "[\(packet.destination)]"
    return "\(address):\(packet.destinationPort ?? 0)"
  }
}
