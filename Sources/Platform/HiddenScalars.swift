extension Unicode.Scalar {
  /// Whether it is a control character, or one of the marks that change how the text around it looks,
  /// such as those that turn the direction of writing around.
  public var isHidden: Bool {
    if isASCII { return value < 0x20 || value == 0x7f }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
    default: false
    }
  }
}
