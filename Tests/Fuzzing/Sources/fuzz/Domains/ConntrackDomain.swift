@testable import IPTablesSource
@testable import KubeProxy
import Netfilter

/// What a netlink socket received: messages of connection tracking, taken for entries and for counters.
enum ConntrackDomain {
  static func check(_ bytes: UnsafeRawBufferPointer) {
    var statistics = ConntrackStatistics()
    for message in unsafe NetlinkMessages(KernelBytes(bytes)) {
      let before = statistics
      statistics.takeSize(message)
      statistics.add(message)
      for event in ConntrackStatistics.Event.allCases {
        require(statistics[event] >= before[event], "what a processor counted is added")
      }
      require(statistics.entries <= UInt64(UInt32.max), "the size is a number of 32 bits")
      guard let connection = TranslatedConnection(message) else { continue }
      require(connection == TranslatedConnection(message), "an entry is read again as the same")
      check(connection, IPFamily(netlinkNumber: message.family))
    }
  }

  private static func check(_ connection: TranslatedConnection, _ family: IPFamily?) {
    for address in [connection.client, connection.destination, connection.endpoint] {
      require(address.family == family, "addresses are of the message's family")
    }
    let entry = ConnectionTraffic.Entry(connection)
    let traffic = ConnectionTraffic([entry])
    require(traffic[entry.key] != nil, "what is kept of a connection is found")
    for elapsed in [0, 0.5] {
      require(
        !entry.carriesUnanswered(since: traffic[entry.key], elapsed),
        "an entry that is the same has carried nothing")
    }
    require(!entry.carriesUnanswered(since: nil, 30), "a new connection is not compared")
  }
}
