extension ExtensionText {
  /// What stands behind the target's name, with a blank before each word; nil where that isn't known.
  static func target(_ unrecognised: Unrecognised, family: IPFamily) -> [UInt8]? { nil }
}
