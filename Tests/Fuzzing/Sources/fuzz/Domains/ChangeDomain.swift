import Answers
import Churn
import IPTablesSource
import KubeProxy
import Netfilter

/// Two saved files, with a line of `%` between them: what changed from one to the other, what it means
/// for the service ports, and what the commands say of it.
enum ChangeDomain {
  static func check(_ bytes: [UInt8]) {
    let (old, new) = Pair.split(bytes)
    let (oldFamilies, newFamilies) = (DumpText.mended(old), DumpText.mended(new))
    AnswerProperties.check(
      from: Ruleset(name: "before", families: oldFamilies),
      to: Ruleset(name: "after", families: newFamilies))
    for family in oldFamilies {
      for after in newFamilies where after.family == family.family {
        check(family, after)
      }
    }
  }

  private static func check(_ old: FamilySnapshot, _ new: FamilySnapshot) {
    let (nat, filter) = (old.table(.nat)?.content, old.table(.filter)?.content)
    let (newNat, newFilter) = (new.table(.nat)?.content, new.table(.filter)?.content)
    let former = ServiceMap(nat: nat, filter: filter)
    checkOwners(former, nat, filter)
    let map = ServiceMap(nat: newNat, filter: newFilter, previous: former)
    checkOwners(map, newNat, newFilter)
    let fresh = ServiceMap(nat: newNat, filter: newFilter)
    checkSame(map, fresh)
    require(owners(map, newNat) == owners(fresh, newNat), "owners in nat don't depend on it")
    require(owners(map, newFilter) == owners(fresh, newFilter), "nor do those in filter")
    CheckProperties.check(from: old, former, to: new, map)
    for table in TableName.allCases {
      guard let old = old.table(table)?.content, let new = new.table(table)?.content else {
        continue
      }
      DifferenceProperties.check(from: old, to: new)
      DifferenceProperties.check(from: new, to: old)
    }
  }

  private static func checkOwners(
    _ map: ServiceMap, _ nat: TableContent?, _ filter: TableContent?
  ) {
    let (natOwners, filterOwners) = (owners(map, nat), owners(map, filter))
    let range = map.services.indices
    require(
      (natOwners + filterOwners).compactMap(\.self).allSatisfy(range.contains), "owners exist")
    for (index, service) in map.services.enumerated() {
      let rules = natOwners.count { $0 == index }
      require(service.natRules == rules, "\(service.port) counts its rules in nat")
      let filterRules = filterOwners.count { $0 == index }
      require(service.filterRules == filterRules, "\(service.port) counts its rules in filter")
    }
    require(map.services.map(\.port).sorted() == map.services.map(\.port), "services are sorted")
  }

  /// For each rule of a table, the index of its service port.
  private static func owners(_ map: ServiceMap, _ content: TableContent?) -> [Int?] {
    guard let content else { return [] }
    return content.chains.enumerated().flatMap { index, chain in
      chain.rules.indices.map { map.owner(ofRule: $0, ofChainAt: index, in: content) }
    }
  }

  private static func checkSame(_ map: ServiceMap, _ fresh: ServiceMap) {
    require(map.services == fresh.services, "services don't depend on what was known")
    require(map.connectionRules == fresh.connectionRules, "nor do the rules that are counted")
    require(map.orphanChains == fresh.orphanChains, "nor the orphans")
    require(map.unnamed == fresh.unnamed, "nor the unnamed chains")
  }
}
