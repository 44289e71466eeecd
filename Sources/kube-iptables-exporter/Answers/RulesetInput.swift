internal import ArgumentParser

/// A rule set that a command is asked about: what `iptables-save` wrote into a file, or to standard
/// input, or the kernel's.
enum RulesetInput: ExpressibleByArgument, Equatable {
  case kernel
  case standardInput
  case file(path: String)

  /// Takes `kernel`, `-`, a path, or `file:PATH` for a file that is called `kernel`.
  init?(argument: String) {
    switch argument {
    case "": return nil
    case "kernel": self = .kernel
    case "-": self = .standardInput
    default:
      self = .file(
        path: argument.hasPrefix("file:") ? String(argument.dropFirst("file:".count)) : argument)
    }
  }

  /// What people are told.
  var name: String {
    switch self {
    case .kernel: "kernel"
    case .standardInput: "standard input"
    case .file(let path): path
    }
  }
}
