import NIOHTTP1

extension HTTPRequestHead {
  /// The status to refuse the request with; `nil` where its header fields are as they must be.
  ///
  /// Counterpart: RFC 9112, sections 3.2, 6.1 and 6.2, for what the parser lets pass.
  func refusal(maxBodyBytes: Int) -> HTTPResponseStatus? {
    let hosts = headers["Host"].count
    if hosts > 1 || hosts == 0 && version == .http1_1 { return .badRequest }
    let codings = headers["Transfer-Encoding"]
      .flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
    if codings.contains(where: { $0.allSatisfy(\.isWhitespace) }) { return .badRequest }
    if let length = headers.first(name: "Content-Length") {
      // The parser has seen to it that these are digits: what is no integer is too large for one.
      guard let length = Int(length), length <= maxBodyBytes else { return .payloadTooLarge }
    }
    if version == .http1_1, headers["Expect"].contains(where: { !$0.isContinue }) {
      return .expectationFailed
    }
    return nil
  }

  /// Whether the client waits for a word before it sends the body.
  var awaitsContinue: Bool {
    version == .http1_1 && headers["Expect"].contains(where: \.isContinue)
  }
}

extension String {
  fileprivate var isContinue: Bool { lowercased() == "100-continue" }
}
