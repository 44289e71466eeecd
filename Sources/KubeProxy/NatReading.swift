internal import Netfilter

/// A nat table as far as it is understood without knowing all service ports.
struct NatReading {
  let knowledge: ChainKnowledge
  let dispatch: DispatchReading

  /// Reads what is new, and enters the service ports that the dispatch rules prove.
  init(
    _ nat: TableContent, _ pairing: ChainPairing, previous: ServiceMap?,
    into registry: inout ServiceRegistry
  ) {
    knowledge = ChainKnowledge(nat, pairing, former: previous?.knowledge)
    dispatch = DispatchReading(knowledge, previous: previous, into: &registry)
  }
}
