/// A step of reading YAML.
enum YAMLEvent {
  case streamStart
  case streamEnd
  case documentStart
  case documentEnd
  /// Text; it is plain when it was written without quotes and not as a block.
  case scalar(String, isPlain: Bool)
  case sequenceStart
  case sequenceEnd
  case mappingStart
  case mappingEnd
}
