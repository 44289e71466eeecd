/// The options that iptables itself understands, by each of their names. What is none of these
/// belongs to the match or target before it.
enum BuiltInOption: Int {
  case source, destination, inputInterface, outputInterface, `protocol`, fragment
  case match, jump, goto

  init?(_ word: Word) {
    guard word.isOption else { return nil }
    switch word.text {
    case "-m", "--match": self = .match
    case "-j", "--jump": self = .jump
    // Not --proto, which is an option of the match `policy`; iptables-save prints -p.
    case "-p", "--protocol": self = .protocol
    case "-s", "--source", "--src": self = .source
    case "-d", "--destination", "--dst": self = .destination
    case "-i", "--in-interface": self = .inputInterface
    case "-o", "--out-interface": self = .outputInterface
    case "-g", "--goto": self = .goto
    case "-f", "--fragment", "--fragments": self = .fragment
    default: return nil
    }
  }
}
