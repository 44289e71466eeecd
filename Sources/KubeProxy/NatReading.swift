internal import Netfilter

/// A nat table as far as it is understood without knowing all service ports.
struct NatReading {
  /// What of it stood in nat before.
  let matching: ChainMatching
  let knowledge: ChainKnowledge
  let dispatch: DispatchReading

  /// Reads what is new, and enters the service ports that the dispatch rules prove.
  init(_ nat: TableContent, previous: ServiceMap?, into registry: inout ServiceRegistry) {
    matching = ChainMatching(nat, former: previous?.knowledge?.content)
    knowledge = ChainKnowledge(nat, matching, former: previous?.knowledge)
    dispatch = DispatchReading(knowledge, matching, previous: previous, into: &registry)
  }
}
