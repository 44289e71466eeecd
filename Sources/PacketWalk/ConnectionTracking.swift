internal import Netfilter

extension ExtensionOptions {
  /// Whether `-m conntrack` or `-m state` holds. C counterpart: `conntrack_mt`.
  func tracking(_ state: WalkState) -> Truth {
    let packet = state.packet
    let isState =
      holds("--ctstate") { state.isAny(of: $0.parts) }
      && holds("--state") { state.isAny(of: $0.parts) }
    let isStateAsked = self["--ctstate"] != nil || self["--state"] != nil
    // Without a connection nothing but the state is looked at, and it has to be asked for.
    guard state.hasConnection || state.hasTemplate else { return isStateAsked ? isState : .no }
    if state.hasTemplate, hasOthers(than: ["--ctstate", "--state"]) { return isState && .unknown }
    // Of a connection that isn't new, nothing says which way its first packet went.
    if packet.connection != .new, hasOthers(than: ["--ctstate", "--state", "--ctproto"]) {
      return isState && .unknown
    }
    let original = state.original
    func isIn(_ option: Option, _ address: IPAddress, isKnown: Bool = true) -> Truth {
      option.network.map { address.isIn($0, isKnown: isKnown) } ?? .unknown
    }
    return isState
      && holds("--ctproto") { $0.isProtocol(packet.ipProtocol) }
      && holds("--ctorigsrc") { isIn($0, original.source) }
      && holds("--ctorigdst") { isIn($0, original.destination) }
      && holds("--ctreplsrc") {
        isIn($0, packet.destination, isKnown: !state.hasUnknownDestination)
      }
      && holds("--ctrepldst") { isIn($0, packet.source, isKnown: !state.hasUnknownSource) }
      && holds("--ctorigsrcport") { $0.contains(original.sourcePort) }
      && holds("--ctorigdstport") { $0.contains(original.destinationPort) }
      && holds("--ctreplsrcport") { $0.contains(packet.destinationPort) }
      && holds("--ctrepldstport") { $0.contains(packet.sourcePort) }
      && holds("--ctstatus") { state.hasStatus(among: $0.parts) }
      && holds("--ctdir") { Truth($0.value == "ORIGINAL") }
      && unless("--ctexpire")
  }
}

extension WalkState {
  var hasConnection: Bool {
    isTracked && packet.connection != .untracked && packet.connection != .invalid
  }

  /// Whether the connection is in one of the states.
  fileprivate func isAny(of names: [String]) -> Truth {
    if hasTemplate { return Truth(names.contains("NEW")) }
    guard isTracked else {
      return Truth(names.contains(packet.connection == .untracked ? "UNTRACKED" : "INVALID"))
    }
    if names.contains(packet.connection.rawValue) { return .yes }
    guard hasConnection else { return .no }
    return (names.contains("DNAT") ? isTranslated(isDestinationTranslated) : .no)
      || (names.contains("SNAT") ? isTranslated(isSourceTranslated) : .no)
  }

  /// Of a connection that isn't new, the rules can't tell what was translated.
  private func isTranslated(_ isNow: Truth) -> Truth {
    packet.connection == .new ? isNow : .unknown
  }

  /// A new connection has no status before its first packet has left the last hook.
  fileprivate func hasStatus(among names: [String]) -> Truth {
    names == ["NONE"] ? .no : names.contains("CONFIRMED") ? Truth(isConfirmed) : .no
  }
}
