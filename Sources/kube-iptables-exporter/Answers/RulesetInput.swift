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

  /// Checks that each of the lists can be read as one rule set, one list after the other.
  static func validate(_ rulesets: [RulesetInput]...) throws {
    guard rulesets.joined().count(where: { $0 == .standardInput }) <= 1 else {
      throw ValidationError("standard input can be read once")
    }
    guard rulesets.allSatisfy({ $0 == [.kernel] || !$0.contains(.kernel) }) else {
      throw ValidationError("the kernel's rules can't be mixed with a file's")
    }
  }
}
