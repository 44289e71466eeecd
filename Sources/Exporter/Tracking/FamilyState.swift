internal import IPTablesSource
internal import KubeProxy
internal import Netfilter

/// What a reading found of one family in one backend.
struct FamilyState: Sendable {
  let backend: Backend
  let family: IPFamily
  let outcome: Outcome

  enum Outcome: Sendable {
    case read(Reading)
    case failed(ReadingError)
  }

  struct Reading: Sendable {
    let snapshot: FamilySnapshot
    let map: ServiceMap
    let selected: SelectedServices
    /// What each table is made of.
    let censuses: [TableName: KindCensus]
    /// New connections of each of the map's services.
    let connections: [UInt64]
  }
}
