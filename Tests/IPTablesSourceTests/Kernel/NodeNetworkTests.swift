import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("The node's network")
struct NodeNetworkTests {
  @Test("Addresses and routes are those of the thread's network namespace", .liveKernel)
  func network() throws {
    try withNetworkNamespace {
      #expect(NodeNetwork.addresses.isEmpty)
      let machine = try #require(IPAddress("192.0.2.1"))
      #expect(NodeNetwork.interface(to: machine) == nil)
      #expect(NodeNetwork.source(to: machine) == nil)
      for words in [
        "link set lo up", "link add eth0 type veth peer name peer0",
        "link add cni0 type veth peer name peer1",
        "addr add 10.244.1.1/24 dev cni0", "addr add 192.168.7.2/24 dev eth0",
        "-6 addr add fd00:7::2/64 dev eth0 nodad", "link set peer0 up", "link set peer1 up",
        "link set cni0 up", "link set eth0 up", "route add default via 192.168.7.1",
        "-6 route add default via fd00:7::1",
      ] {
        try Command.run(["ip"] + words.split(separator: " ").map(String.init))
      }
      let addresses = NodeNetwork.addresses.map(\.description)
      // The main ones first, whatever the order of the interfaces.
      #expect(addresses.prefix(2) == ["192.168.7.2", "fd00:7::2"])
      #expect(Set(addresses).isSuperset(of: ["127.0.0.1", "::1", "10.244.1.1"]))
      for (address, interface, source) in [
        ("192.0.2.9", "eth0", "192.168.7.2"), ("10.244.1.7", "cni0", "10.244.1.1"),
        ("2001:db8::9", "eth0", "fd00:7::2"), ("127.0.0.9", "lo", "127.0.0.1"),
      ] {
        let address = try #require(IPAddress(address))
        #expect(NodeNetwork.interface(to: address) == interface)
        #expect(NodeNetwork.source(to: address) == IPAddress(source))
      }
    }
  }
}
