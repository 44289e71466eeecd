internal import ArgumentParser

/// Where rules come from.
enum RulesetLocation: ExpressibleByArgument, Equatable {
  case kernel
  case file(path: String)

  init?(argument: String) {
    if argument == "kernel" {
      self = .kernel
    } else if argument.hasPrefix("file:"), argument.count > "file:".count {
      self = .file(path: String(argument.dropFirst("file:".count)))
    } else {
      return nil
    }
  }
}
