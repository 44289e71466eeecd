internal import Churn
internal import Netfilter

extension TableComparison {
  /// Whether the chain's rules are the same but for their comments.
  func differsInCommentsOnly(_ change: ChangedChain) -> Bool {
    let old = oldRules(of: change)
    let new = newRules(of: change)
    guard !old.isEmpty, old.count == new.count else { return false }
    return zip(old, new).allSatisfy { $0.withoutComments == $1.withoutComments }
  }
}
