/// A chain and its rules, in iptables-save's notation.
struct Chain {
  let name: String
  /// What an unmatched packet gets; `nil` for every chain that is not built in.
  var policy: String?
  /// The rules without `-A` and the chain's name.
  var rules: [String] = []

  /// The line that creates the chain, or empties it.
  var declaration: String {
    ":\(name) \(policy ?? "-") [0:0]\n"
  }

  var appends: String {
    var text = ""
    for rule in rules {
      text += "-A "
      text += name
      text += " "
      text += rule
      text += "\n"
    }
    return text
  }
}
