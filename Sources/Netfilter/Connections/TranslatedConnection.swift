/// An entry of the kernel's connection table whose destination was translated.
public struct TranslatedConnection: Sendable, Hashable {
  /// The number of the IP protocol.
  public let ipProtocol: UInt8
  /// Who asked, and from which port.
  public let client: IPAddress
  public let clientPort: UInt16
  /// What the client asked for.
  public let destination: IPAddress
  public let destinationPort: UInt16
  /// Who answers, or is to: the destination after translation.
  public let endpoint: IPAddress
  public let endpointPort: UInt16
  /// Whether an answer has been seen.
  public let isReplied: Bool
  /// In how many seconds the entry is removed if no packet comes; nil where the kernel doesn't say it, as of
  /// connections in a flow table.
  public let timeout: UInt32?
  /// The client's packets, and the endpoint's; nil where the kernel doesn't count them
  /// (`net.netfilter.nf_conntrack_acct`).
  public let packets: Packets?
  /// How a TCP connection is doing; nil where the kernel doesn't say it, and of other protocols.
  public let tcp: TCP?

  public struct TCP: Sendable, Hashable {
    /// Whether one of both has closed it.
    public let isClosing: Bool
    /// Whether the client sent something that the endpoint has not acknowledged yet.
    public let isUnacknowledged: Bool

    public init(isClosing: Bool, isUnacknowledged: Bool) {
      self.isClosing = isClosing
      self.isUnacknowledged = isUnacknowledged
    }
  }

  public struct Packets: Sendable, Hashable {
    public let sent: UInt64
    public let answered: UInt64

    public init(sent: UInt64, answered: UInt64) {
      self.sent = sent
      self.answered = answered
    }
  }

  public init(
    ipProtocol: UInt8, client: IPAddress, clientPort: UInt16, destination: IPAddress,
    destinationPort: UInt16, endpoint: IPAddress, endpointPort: UInt16, isReplied: Bool,
    timeout: UInt32?, packets: Packets? = nil, tcp: TCP? = nil
  ) {
    self.ipProtocol = ipProtocol
    self.client = client
    self.clientPort = clientPort
    self.destination = destination
    self.destinationPort = destinationPort
    self.endpoint = endpoint
    self.endpointPort = endpointPort
    self.isReplied = isReplied
    self.timeout = timeout
    self.packets = packets
    self.tcp = tcp
  }
}
