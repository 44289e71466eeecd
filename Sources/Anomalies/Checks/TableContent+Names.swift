internal import Netfilter

extension TableContent {
  /// Those of some names that chains have.
  func chainNames(among names: [ChainName]) -> Set<ChainName> {
    var found: Set<ChainName> = []
    // By index: a copy of each chain would touch its rules' storage.
    for index in chains.indices {
      let name = chains[index].name
      for wanted in names where wanted == name { found.insert(wanted) }
    }
    return found
  }
}
