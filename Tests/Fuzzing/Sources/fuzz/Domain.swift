/// What is fuzzed: each domain takes bytes that somebody else chose, and says what must hold of them.
///
/// That nothing traps and that nothing is read beyond its end must hold in all of them.
enum Domain: String, CaseIterable {
  case change
  case comment
  case compression
  case conntrack
  case exposition
  case expressions
  case extensions
  case http
  case legacy
  case netlink
  case saveFile = "save-file"
  case scrape
  case webConfiguration = "web-configuration"

  /// Whether an input takes milliseconds. It is then a text, of which a line that a replaced byte has
  /// made no rule is left out anyway.
  var isSlow: Bool { self == .change || self == .scrape }

  func check(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .change: ChangeDomain.check(unsafe Array(bytes))
    case .comment: CommentDomain.check(unsafe Array(bytes))
    case .compression: CompressionDomain.check(unsafe Array(bytes))
    case .conntrack: unsafe ConntrackDomain.check(bytes)
    case .exposition: ExpositionDomain.check(unsafe Array(bytes))
    case .expressions: ExpressionsDomain.check(unsafe Array(bytes))
    case .extensions: ExtensionsDomain.check(unsafe Array(bytes))
    case .http: HTTPDomain.check(unsafe Array(bytes))
    case .legacy: LegacyDomain.check(unsafe Array(bytes))
    case .netlink: unsafe NetlinkDomain.check(bytes)
    case .saveFile: SaveFileDomain.check(unsafe Array(bytes))
    case .scrape: ScrapeDomain.check(unsafe Array(bytes))
    case .webConfiguration: WebConfigurationDomain.check(unsafe Array(bytes))
    }
  }
}
