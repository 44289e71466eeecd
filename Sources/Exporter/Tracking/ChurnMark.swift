internal import Churn

/// Where the churn totals stood at a scrape: what "since this scraper's last scrape" is measured from.
struct ChurnMark: Sendable {
  /// The ledger's revision. Marks of the same revision share their memory.
  let revision: UInt64
  let services: ChangeTotals<ChurnLedger.ServiceKey>.Mark
  let scopes: ChangeTotals<ChurnLedger.ScopeKey>.Mark

  /// The memory that it needs beyond the ledger's own, once that has counted another change.
  var byteCount: Int { services.byteCount + scopes.byteCount }
}

extension ChurnLedger {
  var mark: ChurnMark {
    ChurnMark(revision: revision, services: services.mark, scopes: scopes.mark)
  }
}
