extension Unicode.Scalar {
  /// Whether it is a control character, or an invisible mark that changes how the text around it
  /// looks. For example, some marks reverse the direction of writing.
  public var isHidden: Bool {
    if isASCII { return value < 0x20 || value == 0x7f }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
    default: false
    }
  }
}
