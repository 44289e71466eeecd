internal import IPTablesSource
internal import KubeProxy
internal import Netfilter

/// What a reading found of one family in one backend.
struct FamilyState: Sendable {
  let backend: Backend
  let family: IPFamily
  /// Whether the backend is one that kube-proxy may be using; else only its size is told.
  let isFollowed: Bool
  /// What the chains showed at the last good reading, of which this may be one.
  let landmarks: Landmarks
  let outcome: Outcome

  enum Outcome: Sendable {
    case read(Reading)
    case failed(ReadingError)
  }

  struct Reading: Sendable {
    let snapshot: FamilySnapshot
    /// What each table is made of.
    let censuses: [TableName: KindCensus]
    /// Nil where nobody needs to know whose the rules are.
    let services: Services?
    /// What the rules have counted; nil where nobody wants to know, or the backend isn't followed.
    var rules: RuleTotals.Counts?
  }

  /// The service ports of a family in one backend.
  struct Services: Sendable {
    let map: ServiceMap
    /// The new connections of each of the map's rules that count them, since the last good reading.
    let newConnections: [UInt64]
  }

  /// What was read; nil where the reading failed.
  var reading: Reading? {
    if case .read(let reading) = outcome { reading } else { nil }
  }
}
