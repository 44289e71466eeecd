/// A step of reading YAML.
enum YAMLEvent {
  case streamStart
  case streamEnd
  case documentStart
  case documentEnd
  /// Text; it is plain when it was written without quotes and not as a block.
  case scalar(String, isPlain: Bool, anchor: String?)
  case sequenceStart(anchor: String?)
  case sequenceEnd
  case mappingStart(anchor: String?)
  case mappingEnd
  /// What stood at the anchor of that name.
  case alias(String)
}
