extension Match {
  func write(to line: inout RuleLine) {
    switch self {
    case .source(let match): match.write("-s", to: &line)
    case .destination(let match): match.write("-d", to: &line)
    case .inputInterface(let match): match.write("-i", to: &line)
    case .outputInterface(let match): match.write("-o", to: &line)
    case .protocol(let match):
      if match.number != 0 { line.option("-p", match.name, inverted: match.inverted) }
    case .fragment(let inverted): line.option("-f", inverted: inverted)
    default:
      line.word("-m")
      writeExtension(to: &line)
    }
  }

  /// The extension's name and its options.
  private func writeExtension(to line: inout RuleLine) {
    switch self {
    case .addressType(let match): match.write(to: &line)
    case .comment(let comment):
      line.option("comment", "--comment")
      line.quotedWord(comment.bytes)
    case .connectionTracking(let match): match.write(to: &line)
    case .limit(let match): match.write(to: &line)
    case .mark(let match): match.write(to: &line)
    case .multiport(let match): match.write(to: &line)
    case .accounting(let objectName):
      // libxt_nfacct puts a blank of its own before that of the word.
      line.option("nfacct", "--nfacct-name ")
      line.quotedWord(objectName.bytes)
    case .recent(let match): match.write(to: &line)
    case .sctp(let match): match.write(to: &line)
    case .statistic(let match): match.write(to: &line)
    case .tcp(let match): match.write(to: &line)
    case .udp(let match): match.write(to: &line)
    case .unrecognised(let match): match.write(to: &line, as: .match)
    case .source, .destination, .inputInterface, .outputInterface, .protocol, .fragment: break
    }
  }
}

extension AddressMatch {
  fileprivate func write(_ option: String, to line: inout RuleLine) {
    line.option(option, "\(address.numericText)/\(mask.maskText)", inverted: inverted)
  }
}

extension InterfaceMatch {
  fileprivate func write(_ option: String, to line: inout RuleLine) {
    if isPrefix, name.bytes.isEmpty { return }
    line.option(option, inverted: inverted)
    line.word(name.bytes)
    if isPrefix { line.append("+") }
  }
}
