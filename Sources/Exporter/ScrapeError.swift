/// Why a request can't be served as it stands.
public enum ScrapeError: Error, Sendable, Hashable {
  case unknownCollector(String)
  case disabledCollector(String)
  case collectAndExclude
}

extension ScrapeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownCollector(let name): "there is no collector \"\(name)\""
    case .disabledCollector(let name): "the collector \"\(name)\" is switched off"
    case .collectAndExclude: "collect[] and exclude[] can't be combined"
    }
  }
}
