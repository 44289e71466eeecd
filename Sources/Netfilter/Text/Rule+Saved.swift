extension Rule {
  /// The rule as a saved file has it: what stays unrecognised has its options' text in place of the
  /// kernel's bytes, where that is known.
  ///
  /// So a rule of the kernel equals the one that iptables-save printed of it.
  public func asSaved(family: IPFamily) -> Rule {
    replacingUnrecognised { $0.asSaved($1, family) }
  }
}

extension Unrecognised {
  fileprivate func asSaved(_ role: Role, _ family: IPFamily) -> Unrecognised? {
    guard !isOptionText, let options = options(as: role, family) else { return nil }
    // Without the blank before them.
    return Unrecognised(name: name, payload: Array(options.dropFirst()))
  }
}
