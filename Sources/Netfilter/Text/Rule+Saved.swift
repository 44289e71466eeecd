extension Rule {
  /// The rule as a saved file has it: what stays unrecognised has its options' text in place of the
  /// kernel's bytes, where that is known.
  ///
  /// So a rule of the kernel equals the one that iptables-save printed of it.
  public func asSaved(family: IPFamily) -> Rule {
    var rule = self
    for (position, match) in matches.enumerated() {
      if case .unrecognised(let kept) = match {
        rule.matches[position] = .unrecognised(kept.asSaved(.match, family))
      }
    }
    if case .unrecognised(let kept) = target {
      rule.target = .unrecognised(kept.asSaved(.target, family))
    }
    return rule
  }
}

extension Unrecognised {
  fileprivate func asSaved(_ role: Role, _ family: IPFamily) -> Unrecognised {
    guard !isOptionText, let options = options(as: role, family) else { return self }
    // Without the blank before them.
    return Unrecognised(name: name, payload: Array(options.dropFirst()))
  }
}
